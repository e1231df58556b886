import {
  isSystem,
  type SelectionInput,
  type TrainingSeries,
  unmeasuredMetrics,
} from '@bestmark/core'
import { and, eq, inArray } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'
import { seriesPieces } from '../schema.ts'
import { lossFinder, type Losses } from './lossFinder.ts'
import { trainLosses } from './trainLoss.ts'

type Reader = Pick<Orm, 'selectDistinct' | 'select' | 'execute'>

/**
 * The training series that a person or the run named as a metric, with their values at the run's
 * evaluations and checkpoints. Undefined if every named metric was evaluated, which costs no query.
 */
export async function namedSeries(
  orm: Reader,
  job_id: string,
  input: SelectionInput,
): Promise<TrainingSeries | undefined> {
  const wanted = unmeasuredMetrics(input)
  if (wanted.length === 0) return undefined
  const names = await loggedAmong(orm, [job_id], wanted)
  const rows = [...input.evaluations, ...input.checkpoints].map(({ attempt, step }) => {
    return { job_id, attempt, step }
  })
  const values = new Map<string, Losses | undefined>()
  for (const name of names) values.set(name, (await trainLosses(orm, rows, name)).get(job_id))
  return { names, before: (name, at) => lossFinder(values.get(name))(at) }
}

/** Those of some names that jobs logged while training. */
export async function loggedAmong(
  orm: Pick<Orm, 'selectDistinct'>,
  job_ids: readonly string[],
  names: readonly string[],
): Promise<string[]> {
  const { job_id, name, ordinal } = seriesPieces
  if (names.length === 0 || job_ids.length === 0) return []
  const rows = await orm
    .selectDistinct({ name })
    .from(seriesPieces)
    // Each attempt's series begins with this chunk.
    .where(and(inArray(job_id, [...job_ids]), inArray(name, [...names]), eq(ordinal, 0)))
  return rows.map((row) => row.name).filter((one) => !isSystem(one))
}
