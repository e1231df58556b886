import { randomUUID } from 'node:crypto'
import type { ModelCheckState } from '@bestmark/core'
import { and, asc, desc, eq, exists, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { Database, Orm } from '../connection/client.ts'
import { deploymentById, SHIPS_ON } from '../deployments/deployments.ts'
import { announceToHost } from '../rows/hostNews.ts'
import { clock } from '../rows/clock.ts'
import { deployments, modelChecks, trainingJobs } from '../schema.ts'
import { Refused } from '../values/refused.ts'

/** An order to compare the files of a model with the ledger, and what was found. */
export type ModelCheck = Pick<
  typeof modelChecks.$inferSelect,
  'job_id' | 'check_id' | 'deployment_id' | 'by' | 'state' | 'detail' | 'created_at' | 'ended_at'
>

/** A check with what an agent needs for it. */
export interface OpenCheck extends ModelCheck {
  model_name: string
  target: string
  /** The folder of the version. */
  absolute_path: string
  /** The digest in the ledger; null in entries of older versions. */
  digest: string | null
}

const OF_SHIPMENT = and(
  eq(deployments.job_id, modelChecks.job_id),
  eq(deployments.deployment_id, modelChecks.deployment_id),
)

/** Orders a check of the files of a shipment. Throws Refused if it has not finished. */
export async function orderCheck(
  db: Database,
  of: { job_id: string; deployment_id: string; by?: string | undefined },
): Promise<ModelCheck> {
  const { job_id, deployment_id, by } = of
  const shipped = await deploymentById(db, job_id, deployment_id)
  if (shipped?.status !== 'done') {
    throw new Refused('Only files that were shipped can be checked. Choose a finished shipment.')
  }
  const { host_id } = shipped
  const wake = host_id ? announceToHost(host_id, { kind: 'order', job_id }) : sql`null`
  const [row] = await db.orm
    .insert(modelChecks)
    .values({
      ...{ job_id, deployment_id, check_id: randomUUID(), by: by?.trim() || null },
      ...{ state: 'queued', created_at: clock },
    })
    .returning({ ...getTableColumns(modelChecks), wake })
  if (!row) throw new Error('The check was written but cannot be read.')
  const { wake: _wake, ...check } = row
  return check
}

/** Whether a check waits for the agent of a host, as a part of a query. */
export function hasOpenCheck({ orm }: Database, host_id: string): SQL {
  const waiting = orm
    .select({ one: sql`1` })
    .from(modelChecks)
    .innerJoin(deployments, OF_SHIPMENT)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, modelChecks.job_id))
    .where(and(eq(modelChecks.state, 'queued'), eq(SHIPS_ON, host_id)))
  return exists(waiting)
}

/** The oldest open check for a host; undefined if there is none. */
export async function openCheck(db: Database, host_id: string): Promise<OpenCheck | undefined> {
  const { model_name, target, path: absolute_path, digest } = deployments
  const [row] = await db.orm
    .select({ check: modelChecks, model_name, target, absolute_path, digest })
    .from(modelChecks)
    .innerJoin(deployments, OF_SHIPMENT)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, modelChecks.job_id))
    .where(and(eq(modelChecks.state, 'queued'), eq(SHIPS_ON, host_id)))
    .orderBy(asc(modelChecks.created_at))
    .limit(1)
  if (!row) return undefined
  const { check, ...shipped } = row
  return { ...check, ...shipped, absolute_path: shipped.absolute_path ?? '' }
}

/** Records what a check found. The first result counts; a check may run twice if an agent was killed. */
export async function endCheck(
  db: Database,
  { job_id, check_id }: Pick<ModelCheck, 'job_id' | 'check_id'>,
  found: { state: Exclude<ModelCheckState, 'queued'>; detail: string | null },
): Promise<void> {
  await db.orm
    .update(modelChecks)
    .set({ ...found, ended_at: clock })
    .where(
      and(
        eq(modelChecks.job_id, job_id),
        eq(modelChecks.check_id, check_id),
        eq(modelChecks.state, 'queued'),
      ),
    )
}

/** The last check of a shipment; undefined if there was none. */
export async function lastCheck(
  orm: Pick<Orm, 'select'>,
  { job_id, deployment_id }: Pick<ModelCheck, 'job_id' | 'deployment_id'>,
): Promise<ModelCheck | undefined> {
  const [row] = await orm
    .select()
    .from(modelChecks)
    .where(and(eq(modelChecks.job_id, job_id), eq(modelChecks.deployment_id, deployment_id)))
    .orderBy(desc(modelChecks.created_at))
    .limit(1)
  return row
}
