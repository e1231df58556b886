import {
  betterThan,
  type BetterCheckpoint,
  isFiniteMeasure,
  type LiveCheckpoint,
} from '@bestmark/core'
import { and, asc, desc, eq, gt, isNull, lt, ne, type SQL } from 'drizzle-orm'
import { runsOf } from '../comparison/runsOfJobs.ts'
import type { Tx } from '../rows/job.ts'
import { type JobRow, trainingJobs } from '../schema.ts'
import { storable } from '../values/storable.ts'
import type { LedgerEntry } from './ledger.ts'

/** As many jobs with a better value are read, to find one that can be compared. */
const MOST = 20

/**
 * The best checkpoint of the same project that is better than a live one, and can be compared with it;
 * null if there is none. Jobs are tried in the order of their stored best values, so usually the rows
 * of two jobs are read.
 */
export async function betterCheckpoint(
  tx: Tx,
  entry: LedgerEntry,
): Promise<BetterCheckpoint | null> {
  const live = liveCheckpoint(entry)
  if (!live) return null
  const [own] = await tx.select().from(trainingJobs).where(eq(trainingJobs.job_id, entry.job_id))
  if (!own) return null
  const jobs = await jobsWithBetter(tx, own, live)
  if (jobs.length === 0) return null
  const [liveRun] = await runsOf(tx, [own])
  for (const job of jobs) {
    const runs = job.job_id === own.job_id && liveRun ? [liveRun] : await runsOf(tx, [job])
    const better = betterThan(live, liveRun, runs)
    if (better) return better
  }
  return null
}

function liveCheckpoint(entry: LedgerEntry): LiveCheckpoint | undefined {
  const { job_id, checkpoint_id, attempt, step, choice } = entry
  const { metric, direction, value } = choice ?? {}
  if (!metric || !direction || !isFiniteMeasure(value)) return undefined
  return { job_id, checkpoint_id, attempt, step, metric, direction, value }
}

/** The jobs whose stored best value is better, the best first. */
async function jobsWithBetter(
  tx: Tx,
  { project }: JobRow,
  { metric, direction, value, checkpoint_id }: LiveCheckpoint,
): Promise<JobRow[]> {
  const { best_metric, best_metric_name, best_checkpoint_id } = trainingJobs
  const { archived_at, deleted_at, best_step } = trainingJobs
  const [isBetter, order]: [SQL, SQL] =
    direction === 'min'
      ? [lt(best_metric, value), asc(best_metric)]
      : [gt(best_metric, value), desc(best_metric)]
  return tx
    .select()
    .from(trainingJobs)
    .where(
      and(
        eq(trainingJobs.project, storable(project)),
        ...[isNull(archived_at), isNull(deleted_at)],
        ...[eq(best_metric_name, metric), isBetter, ne(best_checkpoint_id, checkpoint_id)],
      ),
    )
    .orderBy(order, asc(best_step))
    .limit(MOST)
}
