import type { Selection } from '@bestmark/core'
import type { StoredCheckpoint } from '../rows/decidingCheckpoints.ts'
import { Refused } from '../values/refused.ts'

/** A part of a job's checkpoints. */
export interface CheckpointPage {
  /** `rank` lists the best first, then those without a rank, the latest first. */
  order: 'step' | 'rank'
  /** `next_cursor` of the previous page: the id of its last checkpoint. */
  cursor?: string | null | undefined
  limit: number
}

export interface PageOfRows {
  checkpoints: readonly StoredCheckpoint[]
  next_cursor: string | null
}

/** The checkpoints of a page, or all by step. Throws Refused if the cursor names none of them. */
export function pageOfRows(
  {
    checkpoints,
    ranked,
  }: { checkpoints: readonly StoredCheckpoint[]; ranked: readonly StoredCheckpoint[] },
  page?: CheckpointPage,
): PageOfRows {
  if (!page) return { checkpoints, next_cursor: null }
  const { order, cursor, limit } = page
  const ordered = order === 'rank' ? ranked : checkpoints
  const before = cursor ? ordered.findIndex((row) => row.checkpoint_id === cursor) : -1
  if (cursor && before === -1) {
    throw new Refused('This page link is no longer valid. Go back to the first page.')
  }
  const rows = ordered.slice(before + 1, before + 1 + limit)
  const isLast = before + 1 + limit >= ordered.length
  return { checkpoints: rows, next_cursor: isLast ? null : (rows.at(-1)?.checkpoint_id ?? null) }
}

/** Checkpoints by rank, the best first, then those without a rank, the latest first. */
export function byRank(
  checkpoints: readonly StoredCheckpoint[],
  { ranking }: Selection,
): StoredCheckpoint[] {
  const ranks = new Map(ranking.map(({ checkpoint_id }, index) => [checkpoint_id, index]))
  const rankOf = ({ checkpoint_id }: StoredCheckpoint) => ranks.get(checkpoint_id) ?? Infinity
  return checkpoints.toSorted((a, b) => {
    const [first, second] = [rankOf(a), rankOf(b)]
    return first === second ? (b.step ?? -1) - (a.step ?? -1) : first - second
  })
}
