import type { SelectionInput } from '@bestmark/core'
import { checkpointRows } from '../rows/decidingCheckpoints.ts'
import { evaluationRows } from '../rows/evaluationRows.ts'
import type { JobRow } from '../schema.ts'
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
  const measuredOf = await evaluationRows(tx, job_ids)
  const savedOf = await checkpointRows(tx, job_ids)
  const scored = new Set(
    jobs.filter((job) => job.selection_policy === 'scored').map(({ job_id }) => job_id),
  )
  const weighed = [...scored].flatMap((job_id) => [
    ...(measuredOf.get(job_id) ?? []),
    ...(savedOf.get(job_id) ?? []),
  ])
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
