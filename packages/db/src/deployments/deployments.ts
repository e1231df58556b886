import { type CheckedConditions, type FrozenChoice, readMeasured } from '@bestmark/core'
import { and, asc, desc, eq, gt, inArray, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import {
  checkpoints,
  deployments,
  type DeploymentStatus,
  type ShippedContents,
  trainingJobs,
} from '../schema.ts'

/** One checkpoint shipped, or being shipped, under a model name. */
export interface Deployment {
  deployment_id: string
  job_id: string
  job_name: string
  /** The host whose agent ships it: the one of the order, or the job's. */
  host_id: string | null
  host: string
  checkpoint_id: string
  attempt: number
  step: number | null
  /** The checkpoint's path relative to the run's folder. */
  path: string
  /** Whether it was the best when a person chose it, and the reason at that time. */
  is_best: boolean
  reason: string
  /** Who ordered it, and why, as the person wrote it; null if nobody did. */
  by: string | null
  why: string | null
  /** The earlier shipment whose files are live again; null for a shipment of a checkpoint. */
  rolls_back_to: string | null
  contents: ShippedContents
  /** The conditions that it had to meet when it was ordered; null if there were none. */
  conditions: CheckedConditions | null
  /** No agent takes it before a second person approves it. */
  needs_approval: boolean
  /** The second person, and when; null until then. */
  approved_by: string | null
  approved_at: number | null
  /** Who withdrew the order before an agent began it; null also if nobody was named. */
  withdrawn_by: string | null
  /** A folder whose files are added where the checkpoint lacks them; null for none. */
  files_from: string | null
  model_name: string
  /** The name of a target of the host. */
  target: string
  status: DeploymentStatus
  bytes_done: number
  bytes_total: number
  /** The path of the shipped files, once they are there. */
  absolute_path: string | null
  error: string | null
  /** The end of what the target's program or receiver answered. */
  output: string | null
  created_at: number
  ended_at: number | null
}

export interface DeploymentQuery {
  job_id?: string | undefined
  model_name?: string | undefined
  limit?: number | undefined
}

/** The host whose agent ships a deployment: the one of the order, or the job's. */
export const SHIPS_ON = sql<
  string | null
>`coalesce(${deployments.host_id}, ${trainingJobs.host_id})`
const HOST_NAME = sql<string>`coalesce(${deployments.host}, ${trainingJobs.host})`

export const FACE = {
  deployment_id: deployments.deployment_id,
  job_id: deployments.job_id,
  job_name: trainingJobs.name,
  host_id: SHIPS_ON,
  host: HOST_NAME,
  checkpoint_id: deployments.checkpoint_id,
  attempt: checkpoints.attempt,
  step: checkpoints.step,
  path: checkpoints.path,
  is_best: deployments.is_best,
  reason: deployments.reason,
  by: deployments.by,
  why: deployments.why,
  rolls_back_to: deployments.rolls_back_to,
  contents: deployments.contents,
  conditions: deployments.conditions,
  needs_approval: deployments.needs_approval,
  approved_by: deployments.approved_by,
  approved_at: deployments.approved_at,
  withdrawn_by: deployments.withdrawn_by,
  files_from: deployments.files_from,
  model_name: deployments.model_name,
  target: deployments.target,
  status: deployments.status,
  bytes_done: deployments.bytes_done,
  bytes_total: deployments.bytes_total,
  absolute_path: deployments.path,
  error: deployments.error,
  output: deployments.output,
  created_at: deployments.created_at,
  ended_at: deployments.ended_at,
}

/** The database, or one transaction of it. */
export type Readable = { orm: Pick<Database['orm'], 'select' | 'selectDistinctOn'> }

/** The job and the checkpoint of a shipment, to join them. */
export const OF_JOB = eq(trainingJobs.job_id, deployments.job_id)
export const OF_CHECKPOINT = and(
  eq(checkpoints.job_id, deployments.job_id),
  eq(checkpoints.checkpoint_id, deployments.checkpoint_id),
)

function faces({ orm }: Readable) {
  return orm
    .select(FACE)
    .from(deployments)
    .innerJoin(trainingJobs, OF_JOB)
    .innerJoin(checkpoints, OF_CHECKPOINT)
}

/** The ledger, newest first. */
export async function listDeployments(
  db: Database,
  query: DeploymentQuery = {},
): Promise<Deployment[]> {
  return faces(db)
    .where(matching(query))
    .orderBy(desc(deployments.created_at), deployments.deployment_id)
    .limit(query.limit ?? 100)
}

/** The live deployment of each model name at each target of a host: the one that finished last there. */
export async function liveDeployments(
  db: Readable,
  query: Omit<DeploymentQuery, 'limit'> = {},
): Promise<Deployment[]> {
  const { model_name, target, deployment_id, ended_at, created_at } = deployments
  const newest = db.orm
    .selectDistinctOn([model_name, SHIPS_ON, target], { deployment_id })
    .from(deployments)
    .innerJoin(trainingJobs, OF_JOB)
    .where(and(matching({ model_name: query.model_name }), eq(deployments.status, 'done')))
    .orderBy(model_name, SHIPS_ON, target, desc(ended_at), desc(created_at))
  return faces(db)
    .where(and(matching({ job_id: query.job_id }), inArray(deployment_id, newest)))
    .orderBy(model_name, HOST_NAME, target)
}

function matching({ job_id, model_name }: Omit<DeploymentQuery, 'limit'>) {
  return and(
    job_id === undefined ? undefined : eq(deployments.job_id, job_id),
    model_name === undefined ? undefined : eq(deployments.model_name, model_name),
  )
}

/** The deployments of a job that changed after a revision. */
export async function deploymentsSince(
  db: Database,
  job_id: string,
  revision: number,
): Promise<Deployment[]> {
  return faces(db)
    .where(and(eq(deployments.job_id, job_id), gt(deployments.revision, revision)))
    .orderBy(asc(deployments.created_at))
}

/** One deployment; undefined if there is none. */
export async function deploymentById(
  db: Readable,
  job_id: string,
  deployment_id: string,
): Promise<Deployment | undefined> {
  const [row] = await faces(db).where(
    and(eq(deployments.job_id, job_id), eq(deployments.deployment_id, deployment_id)),
  )
  return row
}

/** A deployment that was just written. Throws if it cannot be read. */
export function written(deployment: Deployment | undefined): Deployment {
  if (!deployment) throw new Error('The deployment was written but cannot be read.')
  return deployment
}

/** A choice as it is stored, with the number that JSON does not have. */
export function readChoice(stored: FrozenChoice | null): FrozenChoice | null {
  return stored && { ...stored, value: readMeasured(stored.value) ?? null }
}
