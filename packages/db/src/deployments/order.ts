import { randomUUID } from 'node:crypto'
import {
  type ConditionCheck,
  DEFAULT_TARGET,
  grouped,
  MODEL_NAME,
  type TargetConditions,
} from '@bestmark/core'
import { and, eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { changeJob, EXPORTED, type Tx } from '../rows/job.ts'
import { snapshot } from '../rows/snapshot.ts'
import {
  checkpoints,
  deployments,
  type JobRow,
  type ShippedContents,
  trainingJobs,
} from '../schema.ts'
import { conditionsOf } from '../targets/targets.ts'
import { JobUnknown, Refused } from '../values/refused.ts'
import { conditionChecks, metConditions } from './conditions.ts'
import { shippedChoice } from './shippedChoice.ts'
import { type Deployment, deploymentById, written } from './deployments.ts'

/** Why no file is copied or removed for a job from an export file. */
export function exportedRefusal(name: string): string {
  return (
    `${name} was imported from an export file, so Bestmark does not touch its files. ` +
    "Import the run's folder, on the machine that has it."
  )
}

/** Who orders, and why; as the person wrote it. */
export interface Orderer {
  by?: string | undefined
  why?: string | undefined
}

/** An order to ship a checkpoint under a model name. */
export interface ShippingOrder extends Orderer {
  job_id: string
  checkpoint_id: string
  model_name: string
  /** By default only what serving needs. */
  contents?: ShippedContents | undefined
  /** The name of a target of the job's host. Default: the folder `models`. */
  target?: string | undefined
  /** A folder with files that the checkpoint lacks: below the run's root, or its base model's. */
  files_from?: string | undefined
  /** Ship only if it is better than what is live there by more than the noise. */
  if_better?: boolean | undefined
  /** The person who orders may read any folder of the host. */
  may_read_any_folder?: boolean
}

/**
 * Orders a checkpoint to be shipped, and keeps the decision of this moment. Throws Refused if its
 * files are not complete, if the name cannot be a folder's name, if the job came from an export file,
 * if its host has no such target, or if it is not the best and no reason is given. Throws HeldBack if
 * a condition of the target does not hold, and JobUnknown if there is no such job.
 */
export async function createDeployment(db: Database, order: ShippingOrder): Promise<Deployment> {
  const { job_id, checkpoint_id, model_name, contents = 'serving' } = order
  const { target = DEFAULT_TARGET } = order
  if (!MODEL_NAME.test(model_name)) {
    throw new Refused(
      'A model name begins with a letter or a digit. It has at most 64 characters: lower-case ' +
        'letters, digits, dots, dashes and underscores.',
    )
  }
  const deployment_id = randomUUID()
  await changeJob(db, job_id, async (tx, job, revision) => {
    if (job.source === EXPORTED) throw new Refused(exportedRefusal(job.name))
    const files = await shippable(tx, job_id, checkpoint_id)
    const { path: name, serving } = files
    const bytes = contents === 'serving' ? (serving?.bytes ?? files.bytes) : files.bytes
    const files_from = filesFrom(order, files.base)
    const is_best = job.best_checkpoint_id === checkpoint_id
    if (!is_best) assertExplained(job, name, order)
    const required = await requiredOf(tx, job, target, order.if_better ?? false)
    const checked = { job_id, checkpoint_id, host_id: job.host_id, target, model_name }
    const conditions = required && {
      conditions: required,
      checks: await metConditions(db, tx, checked, required),
    }
    const what = { job_id, deployment_id, checkpoint_id, model_name, contents, files_from, target }
    const row = { ...what, is_best, revision }
    const state = { status: 'queued', bytes_total: bytes ?? 0, created_at: clock } as const
    const { choice } = await shippedChoice(db, tx, order)
    const texts = { reason: reasonOf(job, is_best), ...orderer(order) }
    await tx.insert(deployments).values({ ...row, ...state, ...texts, choice, conditions })
    return { set: { deployments_revision: revision }, answer: undefined }
  })
  return written(await deploymentById(db, job_id, deployment_id))
}

/**
 * The checks of all conditions that an order would have to meet now; empty if there are none. Throws
 * Refused if the job's host has no such target, and JobUnknown if there is no such job.
 */
export async function checkOrderConditions(
  db: Database,
  order: Pick<ShippingOrder, 'job_id' | 'checkpoint_id' | 'model_name' | 'target' | 'if_better'>,
): Promise<ConditionCheck[]> {
  const { job_id, target = DEFAULT_TARGET, if_better = false } = order
  return snapshot(db, async (tx) => {
    const [job] = await tx.select().from(trainingJobs).where(eq(trainingJobs.job_id, job_id))
    if (!job) throw new JobUnknown(job_id)
    const required = await requiredOf(tx, job, target, if_better)
    if (!required) return []
    return conditionChecks(db, tx, { ...order, target, host_id: job.host_id }, required)
  })
}

/** What a person wrote, without blanks around it; null if that is nothing. */
export function orderer({ by, why }: Orderer): { by: string | null; why: string | null } {
  return { by: by?.trim() || null, why: why?.trim() || null }
}

/**
 * What an order must meet: the conditions of the target and its own; null for nothing. Throws Refused
 * if the job's host has no such target.
 */
async function requiredOf(
  tx: Tx,
  { host, host_id }: JobRow,
  target: string,
  if_better: boolean,
): Promise<TargetConditions | null> {
  const stated = await conditionsOf(tx, host_id, target)
  if (stated !== undefined) return if_better ? { ...stated, better_than_live: true } : stated
  throw new Refused(
    `${host} has no target "${target}". \`bestmark targets\` lists the targets; they are ` +
      'in targets.yaml in the data folder of that host.',
  )
}

/** Throws Refused if another checkpoint is the best and the order has no reason. */
function assertExplained({ best_step }: JobRow, name: string, order: ShippingOrder): void {
  if (best_step === null || orderer(order).why !== null) return
  throw new Refused(
    `The best is step ${grouped(best_step)}. Give a reason for shipping ${name} instead.`,
  )
}

/**
 * The folder of an order that has the missing files. Throws Refused if a run may not name it: then
 * files from anywhere on the host could be copied.
 */
function filesFrom(order: ShippingOrder, base: string | null): string | null {
  const { files_from, may_read_any_folder = false } = order
  if (files_from === undefined) return null
  if (may_read_any_folder || files_from === base || isBelow(files_from)) return files_from
  throw new Refused(
    `${files_from} is neither in the run nor its base model. ` +
      'For another folder use: bestmark deploy --with-files-from PATH, on the host of the files.',
  )
}

function isBelow(path: string): boolean {
  const isRelative = !/^([/\\]|[a-z]:)/i.test(path)
  return isRelative && !path.split(/[/\\]/).includes('..')
}

type FilesRow = Pick<typeof checkpoints.$inferSelect, 'bytes' | 'path' | 'base' | 'serving'>

/**
 * The files of a checkpoint. Throws Refused if they are not complete, or belong to another job.
 */
async function shippable(tx: Tx, job_id: string, checkpoint_id: string): Promise<FilesRow> {
  const { files_state, files_why, bytes, path, base, serving } = checkpoints
  const [row] = await tx
    .select({ files_state, files_why, bytes, path, base, serving })
    .from(checkpoints)
    .where(and(eq(checkpoints.job_id, job_id), eq(checkpoints.checkpoint_id, checkpoint_id)))
  if (!row) throw new Refused(`This job has no checkpoint ${checkpoint_id}.`)
  if (row.files_state === 'complete') return row
  const why = row.files_why ? ` (${row.files_why})` : ''
  throw new Refused(`${row.path} cannot be shipped: its files are ${row.files_state}${why}.`)
}

/** Why this checkpoint is shipped, from the job's row. */
function reasonOf({ best_step, best_reason }: JobRow, is_best: boolean): string {
  if (is_best) return best_reason ?? 'Chosen as the best.'
  return best_step === null
    ? 'Chosen by hand.'
    : `Chosen by hand; step ${grouped(best_step)} was the best.`
}
