import { randomUUID } from 'node:crypto'
import { and, asc, desc, eq, gt, inArray, lt, or, sql } from 'drizzle-orm'
import { checkpointsOf } from '../selection/checkpoints.ts'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { EXPORTED } from '../exported/exported.ts'
import { changeJob } from '../rows/job.ts'
import { JobUnknown, Refused } from '../values/refused.ts'
import { absolutePath } from '../values/root.ts'
import { checkpoints, deployments, type DeploymentStatus, trainingJobs } from '../schema.ts'

/** One checkpoint shipped, or being shipped, under a model name. */
export interface Deployment {
  deployment_id: string
  job_id: string
  job_name: string
  checkpoint_id: string
  step: number | null
  /** The checkpoint's path relative to the run's folder. */
  checkpoint_name: string
  /** Whether it was the best when it was chosen, and what was said of it then. */
  is_best: boolean
  reason: string
  model_name: string
  status: DeploymentStatus
  bytes_done: number
  bytes_total: number
  /** Where the shipped files are, once they are there. */
  path: string | null
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
  checkpoint_name: checkpoints.path,
  is_best: deployments.is_best,
  reason: deployments.reason,
  model_name: deployments.model_name,
  status: deployments.status,
  bytes_done: deployments.bytes_done,
  bytes_total: deployments.bytes_total,
  path: deployments.path,
  error: deployments.error,
  created_at: deployments.created_at,
  ended_at: deployments.ended_at,
}

function faces({ orm }: Database) {
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

/** What is live under each model name: the deployment that was done last. */
export async function liveDeployments(
  db: Database,
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

/** What a model's folder may be called. */
const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** Why no file is copied or removed for a job that the board knows from an export alone. */
export function exportedRefusal(name: string): string {
  return (
    `${name} is known from an export alone, so its files are left alone; ` +
    'import its own folder, on the machine where that lies.'
  )
}

/**
 * Orders a checkpoint to be shipped. Throws Refused where its files are not complete, the name
 * cannot be a folder's, or the job is known from an export alone; JobUnknown without such a job.
 */
export async function createDeployment(
  db: Database,
  order: { job_id: string; checkpoint_id: string; model_name: string },
): Promise<Deployment> {
  const { job_id, checkpoint_id, model_name } = order
  if (!MODEL_NAME.test(model_name)) {
    throw new Refused(
      'A model name has up to 64 lower-case letters, digits, dots, dashes or underscores, and ' +
        'begins with a letter or a digit.',
    )
  }
  const list = await checkpointsOf(db, job_id)
  if (!list) throw new JobUnknown(job_id)
  const chosen = list.checkpoints.find((row) => row.checkpoint_id === checkpoint_id)
  if (!chosen) throw new Refused(`This job has no checkpoint ${checkpoint_id}.`)
  const reason = chosen.is_best ? list.selection.reason : `chosen by hand; ${chosen.why_not}`
  const deployment_id = randomUUID()
  await changeJob(db, job_id, async (tx, job, revision) => {
    if (job.source === EXPORTED) throw new Refused(exportedRefusal(job.name))
    const [now] = await tx
      .select({
        state: checkpoints.files_state,
        why: checkpoints.files_why,
        bytes: checkpoints.bytes,
      })
      .from(checkpoints)
      .where(and(eq(checkpoints.job_id, job_id), eq(checkpoints.checkpoint_id, checkpoint_id)))
    if (now?.state !== 'complete') {
      const why = now?.why ? ` (${now.why})` : ''
      throw new Refused(
        `The files of ${chosen.path} are ${now?.state}${why}, so it cannot be shipped.`,
      )
    }
    const { is_best } = chosen
    const row = { job_id, deployment_id, checkpoint_id, model_name, is_best, reason, revision }
    const state = { status: 'queued', bytes_total: now.bytes ?? 0, created_at: clock } as const
    await tx.insert(deployments).values({ ...row, ...state })
    return { set: { deployments_revision: revision }, answer: undefined }
  })
  return found(await byId(db, job_id, deployment_id))
}

async function byId(
  db: Database,
  job_id: string,
  deployment_id: string,
): Promise<Deployment | undefined> {
  const [row] = await faces(db).where(
    and(eq(deployments.job_id, job_id), eq(deployments.deployment_id, deployment_id)),
  )
  return row
}

/** A deployment as the agent that ships it needs it. */
export interface ClaimedDeployment extends Deployment {
  root: string
  /** Absolute path of the checkpoint's files. */
  source_path: string
  /** Whether another agent, or an earlier life of this one, had begun to ship it. */
  was_begun: boolean
  /** The revision that the claim was written with; it is held until another one is. */
  held: number
}

/** After this long without a word from its agent (ms), a deployment may be claimed again. */
const SILENCE = 30_000

/**
 * Takes the oldest deployment that waits for the agent of a host, or that such an agent left lying.
 * No two callers get the same one. Undefined where there is none.
 */
export async function claimDeployment(
  db: Database,
  host_id: string,
): Promise<ClaimedDeployment | undefined> {
  const { job_id, deployment_id, status, advanced_at } = deployments
  const open = or(
    eq(status, 'queued'),
    and(inArray(status, ['copying', 'verifying']), lt(advanced_at, sql`${clock} - ${SILENCE}`)),
  )
  const waiting = await db.orm
    .select({ job_id, deployment_id, status, root: trainingJobs.output_dir })
    .from(deployments)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, job_id))
    .where(and(eq(trainingJobs.host_id, host_id), open))
    .orderBy(asc(deployments.created_at))
    .limit(10)
  for (const one of waiting) {
    // First an id, then its lock together with its job: so it also works distributed by job.
    const taken = await changeJob<number | undefined>(
      db,
      one.job_id,
      async (tx, _job, revision) => {
        const rows = await tx
          .update(deployments)
          .set({ status: 'copying', bytes_done: 0, advanced_at: clock, revision })
          .where(and(eq(job_id, one.job_id), eq(deployment_id, one.deployment_id), open))
          .returning({ deployment_id })
        const set = { deployments_revision: revision }
        return rows.length > 0 ? { set, answer: revision } : { answer: undefined }
      },
    )
    if (taken === undefined) continue
    const deployment = found(await byId(db, one.job_id, one.deployment_id))
    const source_path = absolutePath(one.root, deployment.checkpoint_name)
    const was_begun = one.status !== 'queued'
    return { ...deployment, root: one.root, source_path, was_begun, held: taken }
  }
  return undefined
}

/** What an agent says of a deployment that it ships. */
export interface DeploymentAdvance {
  job_id: string
  deployment_id: string
  status: DeploymentStatus
  bytes_done: number
  bytes_total: number
  path?: string | null
  error?: string | null
  /** Said only where nobody else claimed it since this revision, which is that of the last word. */
  held?: number
}

/**
 * Notes how far a deployment is, and returns the revision of that word; undefined where the
 * deployment has ended, or another agent took it over: it stays as it is. Throws JobUnknown.
 */
export async function advanceDeployment(
  db: Database,
  advance: DeploymentAdvance,
): Promise<number | undefined> {
  const { job_id, deployment_id, held, ...said } = advance
  const ended = said.status === 'done' || said.status === 'failed'
  return changeJob<number | undefined>(db, job_id, async (tx, _job, revision) => {
    const rows = await tx
      .update(deployments)
      .set({ ...said, revision, advanced_at: clock, ...(ended ? { ended_at: clock } : {}) })
      .where(
        and(
          eq(deployments.job_id, job_id),
          eq(deployments.deployment_id, deployment_id),
          inArray(deployments.status, ['queued', 'copying', 'verifying']),
          held === undefined ? undefined : eq(deployments.revision, held),
        ),
      )
      .returning({ deployment_id: deployments.deployment_id })
    const set = { deployments_revision: revision }
    return rows.length > 0 ? { set, answer: revision } : { answer: undefined }
  })
}

function found(deployment: Deployment | undefined): Deployment {
  if (!deployment) throw new Error('The deployment was written but cannot be read.')
  return deployment
}
