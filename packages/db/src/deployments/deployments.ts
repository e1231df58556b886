import { randomUUID } from 'node:crypto'
import { and, asc, desc, eq, gt, inArray } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { changeJob, EXPORTED, type Tx } from '../rows/job.ts'
import { Refused } from '../values/refused.ts'
import {
  checkpoints,
  deployments,
  type DeploymentStatus,
  type JobRow,
  trainingJobs,
} from '../schema.ts'

/** One checkpoint shipped, or being shipped, under a model name. */
export interface Deployment {
  deployment_id: string
  job_id: string
  job_name: string
  checkpoint_id: string
  step: number | null
  /** The checkpoint's path relative to the run's folder. */
  path: string
  /** Whether it was the best when a person chose it, and the reason at that time. */
  is_best: boolean
  reason: string
  model_name: string
  status: DeploymentStatus
  bytes_done: number
  bytes_total: number
  /** The path of the shipped files, once they are there. */
  absolute_path: string | null
  error: string | null
  created_at: number
  ended_at: number | null
}

export interface DeploymentQuery {
  job_id?: string | undefined
  model_name?: string | undefined
  limit?: number | undefined
}

const FACE = {
  deployment_id: deployments.deployment_id,
  job_id: deployments.job_id,
  job_name: trainingJobs.name,
  checkpoint_id: deployments.checkpoint_id,
  step: checkpoints.step,
  path: checkpoints.path,
  is_best: deployments.is_best,
  reason: deployments.reason,
  model_name: deployments.model_name,
  status: deployments.status,
  bytes_done: deployments.bytes_done,
  bytes_total: deployments.bytes_total,
  absolute_path: deployments.path,
  error: deployments.error,
  created_at: deployments.created_at,
  ended_at: deployments.ended_at,
}

/** The database, or one transaction of it. */
type Readable = { orm: Pick<Database['orm'], 'select' | 'selectDistinctOn'> }

function faces({ orm }: Readable) {
  return orm
    .select(FACE)
    .from(deployments)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, deployments.job_id))
    .innerJoin(
      checkpoints,
      and(
        eq(checkpoints.job_id, deployments.job_id),
        eq(checkpoints.checkpoint_id, deployments.checkpoint_id),
      ),
    )
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

/** The live deployment of each model name: the one that finished last. */
export async function liveDeployments(
  db: Readable,
  query: Omit<DeploymentQuery, 'limit'> = {},
): Promise<Deployment[]> {
  const { model_name, deployment_id } = deployments
  const newest = db.orm
    .selectDistinctOn([model_name], { deployment_id })
    .from(deployments)
    .where(and(matching({ model_name: query.model_name }), eq(deployments.status, 'done')))
    .orderBy(model_name, desc(deployments.ended_at))
  return faces(db)
    .where(and(matching({ job_id: query.job_id }), inArray(deployment_id, newest)))
    .orderBy(model_name)
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

/** Valid names of a model's folder. */
const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** Why no file is copied or removed for a job from an export file. */
export function exportedRefusal(name: string): string {
  return (
    `${name} was imported from an export file, so Bestmark does not touch its files. ` +
    "Import the run's folder, on the machine that has it."
  )
}

/**
 * Orders a checkpoint to be shipped. Throws Refused if its files are not complete, if the name
 * cannot be a folder's name, or if the job came from an export file. Throws JobUnknown if there is
 * no such job.
 */
export async function createDeployment(
  db: Database,
  order: { job_id: string; checkpoint_id: string; model_name: string },
): Promise<Deployment> {
  const { job_id, checkpoint_id, model_name } = order
  if (!MODEL_NAME.test(model_name)) {
    throw new Refused(
      'A model name begins with a letter or a digit. It has at most 64 characters: lower-case ' +
        'letters, digits, dots, dashes and underscores.',
    )
  }
  const deployment_id = randomUUID()
  await changeJob(db, job_id, async (tx, job, revision) => {
    if (job.source === EXPORTED) throw new Refused(exportedRefusal(job.name))
    const bytes_total = await shippableBytes(tx, job_id, checkpoint_id)
    const is_best = job.best_checkpoint_id === checkpoint_id
    const row = { job_id, deployment_id, checkpoint_id, model_name, is_best, revision }
    const state = { status: 'queued', bytes_total, created_at: clock } as const
    await tx.insert(deployments).values({ ...row, ...state, reason: reasonOf(job, is_best) })
    return { set: { deployments_revision: revision }, answer: undefined }
  })
  return written(await deploymentById(db, job_id, deployment_id))
}

/**
 * The size of a checkpoint's files (bytes). Throws Refused if they are not complete, or belong to
 * another job.
 */
async function shippableBytes(tx: Tx, job_id: string, checkpoint_id: string): Promise<number> {
  const { files_state, files_why, bytes, path } = checkpoints
  const [row] = await tx
    .select({ files_state, files_why, bytes, path })
    .from(checkpoints)
    .where(and(eq(checkpoints.job_id, job_id), eq(checkpoints.checkpoint_id, checkpoint_id)))
  if (!row) throw new Refused(`This job has no checkpoint ${checkpoint_id}.`)
  if (row.files_state === 'complete') return row.bytes ?? 0
  const why = row.files_why ? ` (${row.files_why})` : ''
  throw new Refused(`${row.path} cannot be shipped: its files are ${row.files_state}${why}.`)
}

/** Why this checkpoint is shipped, from the job's row. */
function reasonOf({ best_step, best_reason }: JobRow, is_best: boolean): string {
  if (is_best) return best_reason ?? 'Chosen as the best.'
  return best_step === null ? 'Chosen by hand.' : `Chosen by hand; step ${best_step} was the best.`
}

/** One deployment; undefined if there is none. */
export async function deploymentById(
  db: Database,
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
