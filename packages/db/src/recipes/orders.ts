import {
  hasEnded,
  type ParameterValues,
  parameterProblemText,
  parameterValues,
  type RunOrderState,
} from '@bestmark/core'
import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import type { Database } from '../connection/client.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { clock } from '../rows/clock.ts'
import { announceToHost } from '../rows/hostNews.ts'
import { transaction } from '../rows/job.ts'
import { hosts, recipes, runOrders, trainingJobs } from '../schema.ts'
import { JobUnknown, Refused } from '../values/refused.ts'
import { listRecipes, type StoredRecipe } from './recipes.ts'

/** Runs to start of one recipe. */
export interface NewRuns {
  recipe: string
  /** The host that must start them; undefined if any host with this recipe may. */
  host_id?: string | undefined
  name: string
  project: string
  /** The values of each run; missing ones are the recipe's defaults. */
  runs: readonly Readonly<ParameterValues>[]
  by?: string | undefined
}

/** A run in the queue, or what became of it. */
export interface RunOrder {
  order_id: string
  /** The job appears with the start of the run. */
  job_id: string
  is_resumed: boolean
  recipe: string
  /** The host that must start it; null if any may. */
  host: string | null
  name: string
  project: string
  parameters: ParameterValues
  by: string | null
  state: RunOrderState
  error: string | null
  created_at: number
  taken_at: number | null
  ended_at: number | null
  /** The job of Slurm that runs it; null if Slurm does not. */
  slurm_job_id: string | null
  /** Why Slurm lets it wait, in its own word. */
  waits_for: string | null
  /** Whether the job is on the board yet. */
  has_job: boolean
}

/**
 * Puts runs into the queue, and returns the ids of their jobs in the given order. Throws Refused if no
 * host has the recipe, or if a value is not valid; nothing is ordered then.
 */
export async function orderRuns(db: Database, order: NewRuns): Promise<string[]> {
  const { host_id, project, by } = order
  const recipe = await findRecipe(db, order.recipe, host_id)
  const rows = order.runs.map((given, index) => {
    const found = parameterValues(recipe.parameters, given)
    const which = order.runs.length > 1 ? `Run ${index + 1}: ` : ''
    if ('problem' in found) throw new Refused(which + parameterProblemText(found.problem))
    const name = order.runs.length > 1 ? `${order.name}-${index + 1}` : order.name
    const ids = { order_id: randomUUID(), job_id: randomUUID() }
    const what = { recipe: recipe.name, host_id, name, project, parameters: found.values, by }
    return { ...ids, ...what }
  })
  await putInQueue(db, rows)
  return rows.map(({ job_id }) => job_id)
}

/**
 * Orders the host of a job to continue its run from its last complete checkpoint. Throws Refused if
 * the run was not started from a recipe that can resume, or has not ended; and JobUnknown.
 */
export async function orderResume(
  db: Database,
  { job_id, by }: { job_id: string; by?: string | undefined },
): Promise<void> {
  const job = await jobStatus(db, job_id)
  if (!job) throw new JobUnknown(job_id)
  if (!hasEnded(job.status)) {
    throw new Refused(`${job.name} is ${job.status}. Stop it before you resume it.`)
  }
  const first = await firstOrder(db, job_id)
  if (!first) throw new Refused(`${job.name} was not started from a recipe of this board.`)
  const [host] = await db.orm
    .select({ host_id: trainingJobs.host_id })
    .from(trainingJobs)
    .where(eq(trainingJobs.job_id, job_id))
  if (!host) throw new JobUnknown(job_id)
  const recipe = await findRecipe(db, first.recipe, host.host_id)
  if (!recipe.can_resume) {
    throw new Refused(
      `The recipe ${recipe.name} has no resume_argv, so its runs cannot be resumed.`,
    )
  }
  const waiting = await db.orm
    .select({ order_id: runOrders.order_id })
    .from(runOrders)
    .where(
      and(
        eq(runOrders.job_id, job_id),
        inArray(runOrders.state, ['queued', 'starting', 'submitted']),
      ),
    )
  if (waiting.length > 0) throw new Refused(`${job.name} is in the queue already.`)
  const { name, project } = job
  const what = { recipe: recipe.name, ...host, name, project, parameters: first.parameters, by }
  const order = { order_id: randomUUID(), job_id, is_resumed: true, ...what }
  await putInQueue(db, [order])
}

/** Adds orders, and tells the hosts that have their recipe. */
async function putInQueue(
  db: Database,
  orders: readonly Omit<typeof runOrders.$inferInsert, 'state' | 'created_at'>[],
): Promise<void> {
  await transaction(db, async (tx) => {
    const queued = { state: 'queued', created_at: clock } as const
    await tx.insert(runOrders).values(orders.map((order) => ({ ...order, ...queued })))
    const [first] = orders
    if (!first) return
    const able = await tx
      .select({ host_id: recipes.host_id })
      .from(recipes)
      .where(eq(recipes.name, first.recipe))
    for (const { host_id } of able) {
      await tx.execute(
        sql`select ${announceToHost(host_id, { kind: 'run', job_id: first.job_id })}`,
      )
    }
  })
}

/** Takes a run out of the queue, or out of the one of Slurm. Throws Refused if it does not wait any more. */
export async function cancelOrder(db: Database, order_id: string): Promise<void> {
  const rows = await db.orm
    .update(runOrders)
    .set({ state: 'cancelled', ended_at: clock })
    .where(and(eq(runOrders.order_id, order_id), inArray(runOrders.state, ['queued', 'submitted'])))
    .returning({ order_id: runOrders.order_id })
  if (rows.length === 0) throw new Refused('This run is not in the queue any more.')
}

/** The newest orders, at most 200. */
export async function listOrders(db: Database): Promise<RunOrder[]> {
  const rows = await db.orm
    .select({ order: runOrders, host: hosts.hostname, job: trainingJobs.job_id })
    .from(runOrders)
    .leftJoin(hosts, eq(hosts.host_id, runOrders.host_id))
    .leftJoin(trainingJobs, eq(trainingJobs.job_id, runOrders.job_id))
    .orderBy(desc(runOrders.created_at))
    .limit(200)
  return rows.map(({ order, host, job }) => {
    const { host_id: _, taken_by: __, ...shown } = order
    return { ...shown, host, has_job: job !== null }
  })
}

/** The order that first started a job; undefined if it was not started from a recipe. */
export async function firstOrder(
  db: Database,
  job_id: string,
): Promise<Pick<RunOrder, 'recipe' | 'name' | 'project' | 'parameters'> | undefined> {
  const { recipe, name, project, parameters } = runOrders
  const [first] = await db.orm
    .select({ recipe, name, project, parameters })
    .from(runOrders)
    .where(and(eq(runOrders.job_id, job_id), eq(runOrders.is_resumed, false)))
  return first
}

async function findRecipe(
  db: Database,
  name: string,
  host_id: string | undefined,
): Promise<StoredRecipe> {
  const all = await listRecipes(db)
  const found = all.find((one) => {
    return one.name === name && (host_id === undefined || one.host_id === host_id)
  })
  if (found) return found
  const names = [...new Set(all.map((one) => one.name))].join(', ')
  const available = names ? `Available: ${names}.` : 'Write recipes.yaml in its data folder.'
  const where = host_id === undefined ? 'No host has' : 'This host does not have'
  throw new Refused(`${where} a recipe "${name}". ${available}`)
}
