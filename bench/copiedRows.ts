import { isDeepStrictEqual } from 'node:util'
import type { Database } from '@bestmark/db'
import { unpackNumbers } from '../packages/db/src/values/packedNumbers.ts'

/** Chunks, and ends of series that are not in a chunk yet, per read. */
const PIECE = 200

/** What is compared per series. Both sides add in order of steps, so equal sums are bit-identical. */
interface Sums {
  name: string
  count: number
  values: number
  steps: number
  times: number
  last_step: number
}

/**
 * Throws if the recorded points differ from the copied rows, or if a series has another length than
 * was written. A figure for other points would mean nothing.
 */
export async function assertSameAsCopied(
  db: Database,
  series: number,
  steps: number,
): Promise<void> {
  const [ours, copied] = [await recordedSums(db), await copiedSums(db)]
  const isWhole = copied.length === series && copied.every(({ count }) => count === steps)
  if (isWhole && isDeepStrictEqual(ours, copied)) return
  const texts = [ours, copied].map((sums) => JSON.stringify(sums))
  throw new Error(`What was recorded is not what was copied: ${texts.join(' against ')}`)
}

async function recordedSums({ sql }: Database): Promise<Sums[]> {
  const found = new Map<string, Sums>()
  const chunks = sql<{ name: string; steps: Buffer; values: Buffer; times: Buffer }[]>`
    select name, steps, values, times from series_pieces order by name collate "C", ordinal`
  for await (const rows of chunks.cursor(PIECE)) {
    for (const { name, ...bytes } of rows) {
      const nothing = { name, count: 0, values: 0, steps: 0, times: 0, last_step: NaN }
      const sums = found.get(name) ?? nothing
      found.set(name, sums)
      const [steps, values, times] = [bytes.steps, bytes.values, bytes.times].map(unpackNumbers)
      steps?.forEach((step, index) => {
        sums.count++
        sums.steps += step
        sums.values += values?.[index] ?? NaN
        sums.times += times?.[index] ?? NaN
        sums.last_step = step
      })
    }
  }
  return [...found.values()]
}

async function copiedSums({ sql }: Database): Promise<Sums[]> {
  return sql.begin(async (tx) => {
    // In the physical order of the rows, which is the order of steps.
    await tx`set local max_parallel_workers_per_gather = 0`
    await tx`set local synchronize_seqscans = off`
    const rows = await tx<Sums[]>`
      select name, count(*)::float8 as count, sum(value) as values, sum(step)::float8 as steps,
        sum(at) as times, max(step)::float8 as last_step
      from plain_points group by name order by name collate "C"`
    return rows.map((row) => ({ ...row }))
  })
}
