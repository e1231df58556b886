import { hasEnded, JOB_STATES, type ParameterValues } from '@bestmark/core'
import {
  and,
  asc,
  eq,
  exists,
  gt,
  inArray,
  isNull,
  lt,
  notInArray,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { transaction, type Tx } from '../rows/job.ts'
import { lastCheckpoint } from '../rows/lastCheckpoint.ts'
import { recipes, runOrders, trainingJobs } from '../schema.ts'
import { absolutePath } from '../values/root.ts'

/** Orders that an agent has taken and not ended. */
const OPEN = ['starting', 'submitted', 'started'] as const
const ENDED = JOB_STATES.filter(hasEnded)

/** What an agent needs to start a run. */
export interface ClaimedOrder {
  order_id: string
  job_id: string
  recipe: string
  name: string
  project: string
  parameters: ParameterValues
  /** Whether its agent took it before and may have started it: it was killed then. */
  was_taken: boolean
  /** The run to continue; null for a new one. */
  resumes: { root: string; absolute_path: string | null } | null
}

/** If its agent is silent for this long after it took an order (ms), it may take it again. */
const SILENCE = 30_000
/** How long a resumed program may take until its job trains again (ms). */
const BEGINNING = 60_000

/**
 * Takes the oldest order that a host may start now. Two callers never get the same one. Undefined if
 * there is none, or if as many runs of its recipe train on the host as may.
 */
export async function claimOrder(db: Database, host_id: string): Promise<ClaimedOrder | undefined> {
  return transaction(db, async (tx) => {
    // Two claims of a host at once would both find a free place.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`start ${host_id}`}, 0))`)
    const waiting = await waitingOrders(tx, host_id)
    const busy = await trainingNow(tx, host_id)
    const next = waiting.find(({ order, at_once }) => {
      return order.state === 'starting' || (busy.get(order.recipe) ?? 0) < at_once
    })
    if (!next) return undefined
    const { order } = next
    const { order_id, job_id, recipe, name, project, parameters, state } = order
    await tx
      .update(runOrders)
      .set({ state: 'starting', taken_by: host_id, taken_at: clock })
      .where(eq(runOrders.order_id, order_id))
    const resumes = order.is_resumed ? await resumption(tx, job_id) : null
    const run = { order_id, job_id, recipe, name, project, parameters }
    return { ...run, was_taken: state === 'starting', resumes }
  })
}

/** Whether an order waits for a host, as a part of another query. */
export function hasWaitingRun(db: Database, host_id: string): SQL {
  const waiting = db.orm
    .select({ one: sql`1` })
    .from(runOrders)
    .innerJoin(recipes, ofHost(host_id))
    .where(mayTake(host_id))
  return exists(waiting)
}

const ofHost = (host_id: string) =>
  and(eq(recipes.name, runOrders.recipe), eq(recipes.host_id, host_id))

/** Orders that wait for a host, and those that it took when its agent was killed. */
function mayTake(host_id: string): SQL | undefined {
  const { state, taken_by, taken_at } = runOrders
  const isOurs = or(isNull(runOrders.host_id), eq(runOrders.host_id, host_id))
  const isLeft = and(
    ...[eq(state, 'starting'), eq(taken_by, host_id)],
    lt(taken_at, sql`${clock} - ${SILENCE}`),
  )
  return or(and(eq(state, 'queued'), isOurs), isLeft)
}

/** The orders that a host may take, the oldest first, which stay locked. */
async function waitingOrders(tx: Tx, host_id: string) {
  return tx
    .select({ order: runOrders, at_once: recipes.at_once })
    .from(runOrders)
    .innerJoin(recipes, ofHost(host_id))
    .where(mayTake(host_id))
    .orderBy(asc(runOrders.created_at))
    .limit(100)
    .for('update', { of: runOrders, skipLocked: true })
}

/** How many runs of each recipe were started on a host and have not ended. */
async function trainingNow(tx: Tx, host_id: string): Promise<Map<string, number>> {
  const { state, taken_by, taken_at, recipe, job_id, is_resumed } = runOrders
  const { status } = trainingJobs
  // The job of a resumed run has ended before, until its program begins.
  const isBeginning = and(eq(is_resumed, true), gt(taken_at, sql`${clock} - ${BEGINNING}`))
  const isOpen = or(
    ...[isNull(status), notInArray(status, ENDED), isBeginning, eq(state, 'submitted')],
  )
  const rows = await tx
    .select({ recipe, count: sql<number>`count(*)::int` })
    .from(runOrders)
    .leftJoin(trainingJobs, eq(trainingJobs.job_id, job_id))
    .where(and(eq(taken_by, host_id), inArray(state, ['starting', 'submitted', 'started']), isOpen))
    .groupBy(recipe)
  return new Map(rows.map((row) => [row.recipe, row.count]))
}

/** Where a job's run continues: its root, and its last checkpoint. */
async function resumption(tx: Tx, job_id: string): Promise<ClaimedOrder['resumes']> {
  const [job] = await tx
    .select({ root: trainingJobs.output_dir })
    .from(trainingJobs)
    .where(eq(trainingJobs.job_id, job_id))
  const root = job?.root ?? ''
  const last = await lastCheckpoint(tx, job_id)
  return { root, absolute_path: last ? absolutePath(root, last.path) : null }
}

/** Records that the program of an order was started, how its command ended, or why it was not started. */
export async function advanceOrder(
  db: Database,
  order_id: string,
  advance: { state: 'started' | 'ended' } | { state: 'failed'; error: string },
): Promise<void> {
  const ended_at = advance.state === 'started' ? null : clock
  await db.orm
    .update(runOrders)
    .set({ ...advance, ended_at })
    .where(and(eq(runOrders.order_id, order_id), inArray(runOrders.state, OPEN)))
}
