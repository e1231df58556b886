import type { Measured, Series } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import type { Database } from './client.ts'
import { placeKey, readChunks } from './loggedSeries.ts'
import type { StoredCheckpoint } from './selection.ts'

/**
 * The training loss that each checkpoint was saved at: the nearest one of its attempt that was
 * logged at its step or before. Reads one chunk a checkpoint, and each chunk once.
 */
export async function trainLosses(
  { orm }: Database,
  job_id: string,
  checkpoints: readonly StoredCheckpoint[],
): Promise<Map<string, Measured>> {
  const stepped = checkpoints.flatMap(({ checkpoint_id, attempt, step }) =>
    step === null ? [] : [{ checkpoint_id, attempt, step }],
  )
  if (stepped.length === 0) return new Map()
  const column = <T>(of: (one: (typeof stepped)[number]) => T) => sql.param(stepped.map(of))
  const rows = await orm.execute<{ checkpoint_id: string; attempt: number; ordinal: number }>(sql`
    select asked.checkpoint_id, asked.attempt, chunk.ordinal
    from unnest(
      ${column((one) => one.checkpoint_id)}::uuid[],
      ${column((one) => one.attempt)}::int[],
      ${column((one) => one.step)}::float8[]
    ) as asked (checkpoint_id, attempt, step),
    lateral (
      select ordinal from series_chunks
      where job_id = ${job_id} and attempt = asked.attempt and name = 'loss'
        and min_step <= asked.step
      order by ordinal desc limit 1
    ) as chunk`)
  const chunks = await readChunks(orm, job_id, 'loss', rows)
  const stepOf = new Map(stepped.map(({ checkpoint_id, step }) => [checkpoint_id, step]))
  return new Map(
    rows.map((row) => {
      const step = stepOf.get(row.checkpoint_id) ?? -1
      return [row.checkpoint_id, lastAt(chunks.get(placeKey(row)), step)]
    }),
  )
}

/** The value at the greatest step that is not above `step`; of equals the latest. */
function lastAt(series: Series | undefined, step: number): Measured {
  let found: { step: number; value: number } | undefined
  series?.steps.forEach((at, index) => {
    const value = series.values[index]
    if (at <= step && at >= (found?.step ?? at) && value !== undefined) found = { step: at, value }
  })
  return found?.value ?? null
}
