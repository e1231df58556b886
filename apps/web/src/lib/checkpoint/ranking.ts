import { isTest } from '@bestmark/core'
import type { CheckpointList, CheckpointRow, SeriesName } from '../api.ts'
import { count } from '../figures.ts'

/** Checkpoints by rank, the best first, then the skipped ones. */
export function ranked({ checkpoints, selection }: CheckpointList): CheckpointRow[] {
  const rank = new Map(selection.ranking.map(({ checkpoint_id }, index) => [checkpoint_id, index]))
  const rankOf = ({ checkpoint_id }: CheckpointRow) => rank.get(checkpoint_id) ?? Infinity
  return checkpoints.toSorted((a, b) => {
    const [first, second] = [rankOf(a), rankOf(b)]
    return first === second ? (b.step ?? -1) - (a.step ?? -1) : first - second
  })
}

/** The metrics measured after training, or on a test split that the choice did not use. */
export function scoreNames(names: readonly SeriesName[], deciding: string | null): string[] {
  return names
    .filter(({ name, scored }) => (scored || isTest(name)) && name !== deciding)
    .map(({ name }) => name)
}

/** The name of a checkpoint: its step, else its file. */
export function checkpointName({ step, path }: Pick<CheckpointRow, 'step' | 'path'>): string {
  return step === null ? path : `step ${count(step)}`
}
