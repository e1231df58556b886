import type { SelectionInput } from '@bestmark/core'
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { evaluations, checkpoints, type JobRow } from '../schema.ts'
import type { Tx } from '../rows/job.ts'
import { inputOf } from '../selection/selection.ts'
import { namedSeries } from '../series/namedSeries.ts'
import { lossFinder } from '../series/lossFinder.ts'
import { trainLosses } from '../series/trainLoss.ts'

/** The inputs of each job's selection, by job: the rows of many jobs in a few queries. */
export async function inputsOfJobs(
  tx: Tx,
  jobs: readonly JobRow[],
): Promise<Map<string, SelectionInput>> {
  const job_ids = jobs.map(({ job_id }) => job_id)
  if (job_ids.length === 0) return new Map()
  const measured = await tx
    .select()
    .from(evaluations)
    .where(and(inArray(evaluations.job_id, job_ids), eq(evaluations.repeat, 0)))
    .orderBy(asc(evaluations.job_id), asc(evaluations.arrival))
  const saved = await tx
    .select()
    .from(checkpoints)
    .where(inArray(checkpoints.job_id, job_ids))
    .orderBy(
      asc(checkpoints.job_id),
      sql`${checkpoints.step} nulls last`,
      asc(checkpoints.attempt),
      asc(checkpoints.arrival),
    )
  const measuredOf = Map.groupBy(measured, ({ job_id }) => job_id)
  const savedOf = Map.groupBy(saved, ({ job_id }) => job_id)
  const scored = new Set(
    jobs.filter((job) => job.selection_policy === 'scored').map(({ job_id }) => job_id),
  )
  const weighed = [...measured, ...saved].filter(({ job_id }) => scored.has(job_id))
  const losses = await trainLosses(tx, weighed)
  const inputs = new Map<string, SelectionInput>()
  for (const job of jobs) {
    const { job_id } = job
    const input = inputOf(job, measuredOf.get(job_id) ?? [], savedOf.get(job_id) ?? [])
    if (scored.has(job_id)) input.trainLoss = lossFinder(losses.get(job_id))
    input.training = await namedSeries(tx, job_id, input)
    inputs.set(job_id, input)
  }
  return inputs
}
