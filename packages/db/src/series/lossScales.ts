import { NO_LOSSES, scaleAfter } from '@bestmark/core'
import { and, asc, eq, isNull } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'
import { attempts, claims, evaluations, trainingJobs } from '../schema.ts'
import { clock } from '../rows/clock.ts'
import { trainLossOf } from './trainLoss.ts'

/** The claim which shows that the jobs of an older board were counted. */
const COUNTED = 'loss_scale of jobs from before its steady ratio'

/**
 * Counts the loss scale of jobs that an earlier version recorded, once per board. The recorder
 * counts it for all later events.
 */
export async function countLossScales(orm: Orm): Promise<void> {
  await orm.transaction(async (tx) => {
    const claim = { key: COUNTED, claimed_at: clock }
    const made = await tx.insert(claims).values(claim).onConflictDoNothing().returning()
    if (made.length === 0) return
    const { job_id } = trainingJobs
    for (const job of await tx.select({ job_id }).from(trainingJobs).orderBy(job_id)) {
      const loss_scale = await scaleOf(tx, job.job_id)
      if (loss_scale.compared === 0) continue
      await tx.update(trainingJobs).set({ loss_scale }).where(eq(job_id, job.job_id))
    }
  })
}

async function scaleOf(tx: Pick<Orm, 'select' | 'execute'>, of_job: string) {
  const { job_id, attempt, step, epoch, value, metric, repeat, scored_by, arrival } = evaluations
  const ofJob = and(eq(job_id, of_job), eq(metric, 'eval_loss'), eq(repeat, 0), isNull(scored_by))
  const rows = await tx
    .select({ attempt, step, epoch, eval_loss: value })
    .from(evaluations)
    .where(ofJob)
    .orderBy(asc(arrival))
  if (rows.length === 0) return NO_LOSSES
  const first = await lastFreshStart(tx, of_job)
  const trainLoss = await trainLossOf(tx, of_job, rows)
  return rows
    .filter((row) => row.attempt >= first)
    .map((row) => ({ ...row, train_loss: trainLoss(row) }))
    .reduce(scaleAfter, NO_LOSSES)
}

/** The last attempt that did not resume an earlier one. */
async function lastFreshStart(tx: Pick<Orm, 'select'>, of_job: string): Promise<number> {
  const { job_id, attempt, resumed_from } = attempts
  const rows = await tx
    .select({ attempt })
    .from(attempts)
    .where(and(eq(job_id, of_job), isNull(resumed_from)))
  return Math.max(0, ...rows.map((row) => row.attempt))
}
