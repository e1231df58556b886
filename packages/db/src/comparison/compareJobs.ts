import { compareRuns, type Comparison, isActive, type TrainingJobStatus } from '@bestmark/core'
import { and, asc, count, desc, eq, inArray, isNull, type SQL } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { boardNow } from '../rows/boardRevision.ts'
import { configOf, statusOf, type Tx } from '../rows/job.ts'
import { evaluations, type JobRow, trainingJobs } from '../schema.ts'
import { snapshot } from '../rows/snapshot.ts'
import type { Curve } from '../series/curves.ts'
import { JobUnknown } from '../values/refused.ts'
import { absolutePath } from '../values/root.ts'
import { storable } from '../values/storable.ts'
import { overlaidCurves } from './overlaidCurves.ts'
import { inputsOfJobs } from './rowsOfJobs.ts'

/** Some jobs, or all jobs of a project. */
type WhichJobs = { job_ids: readonly string[] } | { project: string }

interface CompareQuery {
  /** The metric of the curves; by default the deciding metric of each run. */
  metric?: string | undefined
}

/** A comparison of jobs, with what is shown beside it. */
export interface ComparedJobs {
  comparison: Comparison
  /** The path of the best checkpoint of each run, by job. */
  best_paths: Record<string, string>
  statuses: Record<string, TrainingJobStatus>
  /** Curves of the first `MOST_CURVES` runs, by job. */
  curves: Record<string, Curve>
  /** How many jobs there are; more than were compared if only the newest were read. */
  found: number
  /** A watch of every job continues from here. */
  board_revision: number
}

/** How much is compared at once. */
const MOST = { jobs: 1_000, values: 400_000 }
/** As many curves as one chart can show. */
const MOST_CURVES = 50

/**
 * Compares jobs at one moment, in a few queries. If a project has very many values, only the newest
 * jobs are read. Throws JobUnknown for an id that is not on the board.
 */
export async function compareJobs(
  db: Database,
  which: WhichJobs,
  { metric }: CompareQuery = {},
  most = MOST,
): Promise<ComparedJobs> {
  return snapshot(db, async (tx) => {
    const { settled: board_revision } = await boardNow(tx)
    const { jobs, found } = await jobsToCompare(tx, which, most)
    const inputs = await inputsOfJobs(tx, jobs)
    const runs = jobs.flatMap((job) => {
      const { job_id, name, status } = job
      const [input, config] = [inputs.get(job_id), configOf(job)]
      return input ? [{ job_id, name, alive: isActive(status), config, input }] : []
    })
    const comparison = compareRuns(runs)
    const drawn = comparison.runs.slice(0, MOST_CURVES)
    const curves = await overlaidCurves(tx, drawn, inputs, metric)
    return { comparison, ...besides(jobs, comparison), curves, found, board_revision }
  })
}

function besides(
  jobs: readonly JobRow[],
  { runs }: Comparison,
): Pick<ComparedJobs, 'best_paths' | 'statuses'> {
  const rows = new Map(jobs.map((job) => [job.job_id, job]))
  const paths = runs.flatMap(({ job_id, best }): [string, string][] => {
    const job = rows.get(job_id)
    return job && best?.path ? [[job_id, absolutePath(job.output_dir, best.path)]] : []
  })
  const statuses = jobs.map((job): [string, TrainingJobStatus] => [job.job_id, statusOf(job)])
  return { best_paths: Object.fromEntries(paths), statuses: Object.fromEntries(statuses) }
}

async function jobsToCompare(
  tx: Tx,
  which: WhichJobs,
  most: typeof MOST,
): Promise<{ jobs: JobRow[]; found: number }> {
  if ('job_ids' in which) {
    const job_ids = [...new Set(which.job_ids)]
    const jobs = await jobsWhere(tx, inArray(trainingJobs.job_id, job_ids))
    const missing = job_ids.find((job_id) => !jobs.some((job) => job.job_id === job_id))
    if (missing !== undefined) throw new JobUnknown(missing)
    return { jobs, found: jobs.length }
  }
  const measured = await measuredJobs(tx, which.project)
  let values = 0
  const newest = measured.slice(0, most.jobs).filter((job) => {
    values += job.values
    return values <= most.values
  })
  const job_ids = newest.map(({ job_id }) => job_id)
  return {
    jobs: await jobsWhere(tx, inArray(trainingJobs.job_id, job_ids)),
    found: measured.length,
  }
}

function jobsWhere(tx: Tx, condition: SQL): Promise<JobRow[]> {
  return tx.select().from(trainingJobs).where(condition)
}

/** Whether a project has jobs that a comparison of it contains. */
export async function hasComparableJobs({ orm }: Database, project: string): Promise<boolean> {
  const { job_id } = trainingJobs
  const rows = await orm.select({ job_id }).from(trainingJobs).where(isCurrentIn(project)).limit(1)
  return rows.length > 0
}

/** Selects the jobs of a project that are not archived or deleted. */
function isCurrentIn(project: string): SQL | undefined {
  const { archived_at, deleted_at } = trainingJobs
  const isNamed = eq(trainingJobs.project, storable(project))
  return and(isNamed, isNull(archived_at), isNull(deleted_at))
}

/** The jobs of a project that are not archived or deleted, newest first, each with how much was measured. */
async function measuredJobs(
  tx: Tx,
  project: string,
): Promise<{ job_id: string; values: number }[]> {
  const { job_id, registered_at } = trainingJobs
  return tx
    .select({ job_id, values: count(evaluations.step) })
    .from(trainingJobs)
    .leftJoin(evaluations, and(eq(evaluations.job_id, job_id), eq(evaluations.repeat, 0)))
    .where(isCurrentIn(project))
    .groupBy(job_id)
    .orderBy(desc(registered_at), asc(job_id))
}
