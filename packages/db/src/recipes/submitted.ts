import { and, eq, inArray, isNotNull, or } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { runOrders, trainingJobs } from '../schema.ts'
import type { RunOrder } from './orders.ts'

/** An order that is in the hands of Slurm. A cancelled one is to be cancelled there, too. */
export type SubmittedOrder = Pick<RunOrder, 'order_id' | 'state' | 'waits_for' | 'has_job'> & {
  slurm_job_id: string
}

/** Records that Slurm has taken the job of an order, which waits there. */
export async function recordSubmitted(
  db: Database,
  order_id: string,
  slurm_job_id: string,
): Promise<void> {
  await db.orm
    .update(runOrders)
    .set({ state: 'submitted', slurm_job_id, waits_for: '' })
    .where(and(eq(runOrders.order_id, order_id), eq(runOrders.state, 'starting')))
}

/** Records why Slurm lets an order wait; null if it does not any more. */
export async function recordWaiting(
  db: Database,
  order_id: string,
  waits_for: string | null,
): Promise<void> {
  await db.orm.update(runOrders).set({ waits_for }).where(eq(runOrders.order_id, order_id))
}

/** The orders of a host that Slurm runs, or that a person cancelled while they waited there. */
export async function submittedOrders(db: Database, host_id: string): Promise<SubmittedOrder[]> {
  const { order_id, state, waits_for, slurm_job_id, taken_by } = runOrders
  const isLeft = and(eq(state, 'cancelled'), isNotNull(waits_for))
  const rows = await db.orm
    .select({ order_id, state, waits_for, slurm_job_id, job: trainingJobs.job_id })
    .from(runOrders)
    .leftJoin(trainingJobs, eq(trainingJobs.job_id, runOrders.job_id))
    .where(
      and(
        eq(taken_by, host_id),
        isNotNull(slurm_job_id),
        or(inArray(state, ['submitted', 'started']), isLeft),
      ),
    )
  return rows.flatMap(({ job, slurm_job_id: number, ...row }) =>
    number === null ? [] : [{ ...row, slurm_job_id: number, has_job: job !== null }],
  )
}
