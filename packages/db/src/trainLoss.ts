import type { Measured, RunContext, Series } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import type { Orm } from './client.ts'
import { placeKey, readChunks } from './loggedSeries.ts'

type Weights = Parameters<NonNullable<RunContext['trainLoss']>>[0]

/**
 * The training loss that weights were saved or evaluated at: the nearest one of their attempt that
 * was logged at their step or before; null for weights that were not asked for. Reads one chunk for
 * each of them, and each chunk once.
 */
export async function trainLosses(
  orm: Pick<Orm, 'select' | 'execute'>,
  job_id: string,
  asked: readonly { attempt: number; step: number | null }[],
): Promise<(weights: Weights) => Measured> {
  const byKey = new Map(
    asked.flatMap(({ attempt, step }) =>
      step === null ? [] : [[key({ attempt, step }), { attempt, step }] as const],
    ),
  )
  if (byKey.size === 0) return () => null
  const weights = [...byKey.values()]
  const rows = await orm.execute<Weights & { ordinal: number }>(sql`
    select asked.attempt, asked.step, chunk.ordinal
    from unnest(
      ${sql.param(weights.map(({ attempt }) => attempt))}::int[],
      ${sql.param(weights.map(({ step }) => step))}::float8[]
    ) as asked (attempt, step),
    lateral (
      select ordinal from series_chunks
      where job_id = ${job_id} and attempt = asked.attempt and name = 'loss'
        and min_step <= asked.step
      order by ordinal desc limit 1
    ) as chunk`)
  const chunks = await readChunks(orm, job_id, 'loss', rows)
  const losses = new Map(
    rows.map((row) => [key(row), lastAt(chunks.get(placeKey(row)), row.step)] as const),
  )
  return (one) => losses.get(key(one)) ?? null
}

function key({ attempt, step }: Weights): string {
  return `${attempt}:${step}`
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
