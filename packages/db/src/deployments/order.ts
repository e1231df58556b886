import { randomUUID } from 'node:crypto'
import {
  type ConditionCheck,
  DEFAULT_TARGET,
  grouped,
  isUri,
  MODEL_NAME,
  s3Address,
  type TargetConditions,
} from '@bestmark/core'
import { and, eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { changeJob, EXPORTED, SENT, type Tx } from '../rows/job.ts'
import { snapshot } from '../rows/snapshot.ts'
import {
  checkpoints,
  deployments,
  hosts,
  type JobRow,
  type ShippedContents,
  trainingJobs,
} from '../schema.ts'
import { absolutePath } from '../values/root.ts'
import { conditionsOf } from '../targets/targets.ts'
import { JobUnknown, NoAgent, Refused } from '../values/refused.ts'
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

/** Why no checkpoint is shipped of a job whose journal was sent. */
function sentRefusal({ name, host }: JobRow): string {
  return (
    `No agent sees the files of ${name}: ${host} sends only its journal. To ship a checkpoint, ` +
    "import the run's folder on a machine with an agent of this board: bestmark import FOLDER. " +
    'A checkpoint in S3 is shipped by any host: bestmark deploy --host HOST'
  )
}

/** Who orders, and why; as the person wrote it. */
export interface Orderer {
  by?: string | undefined
  /** The account of that person. */
  person_id?: string | null | undefined
  why?: string | undefined
}

/** An order to ship a checkpoint under a model name. */
export interface ShippingOrder extends Orderer {
  job_id: string
  checkpoint_id: string
  model_name: string
  /** By default only what serving needs. */
  contents?: ShippedContents | undefined
  /** The host whose agent ships a checkpoint in S3. Default: the job's, which has all other files. */
  host_id?: string | undefined
  /** The name of a target of that host. Default: the folder `models`. */
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
 * if its host has no such target, if it is not the best and no reason is given, or if a second person
 * must approve it and nobody is named who orders. Another host is Refused unless the files are in S3.
 * Throws HeldBack if a condition does not hold, and JobUnknown if there is no such job.
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
    if (job.source === SENT && !order.host_id) throw new NoAgent(sentRefusal(job))
    const files = await shippable(tx, job_id, checkpoint_id)
    const { path: name, serving } = files
    const bytes = contents === 'serving' ? (serving?.bytes ?? files.bytes) : files.bytes
    const files_from = filesFrom(order, files.base)
    const is_best = job.best_checkpoint_id === checkpoint_id
    if (!is_best) assertExplained(job, name, order)
    const shipper = await shipperOf(tx, job, name, order.host_id)
    const ships_on = shipper?.host_id ?? null
    const where = shipper ?? job
    const required = await requiredOf(tx, where, target, order.if_better ?? false)
    const needs_approval = required?.approved ?? false
    if (needs_approval) assertNamed(order, target)
    const checked = { job_id, checkpoint_id, host_id: where.host_id, target, model_name }
    const conditions = required && {
      conditions: required,
      checks: await metConditions(db, tx, checked, required),
    }
    const what = { job_id, deployment_id, checkpoint_id, model_name, contents, files_from, target }
    const row = { ...what, ...shipper, is_best, needs_approval, revision }
    const state = { status: 'queued', bytes_total: bytes ?? 0, created_at: clock } as const
    const { choice } = await shippedChoice(db, tx, order)
    const texts = { reason: reasonOf(job, is_best), ...orderer(order) }
    await tx.insert(deployments).values({ ...row, ...state, ...texts, choice, conditions })
    return { set: { deployments_revision: revision }, ships_on, answer: undefined }
  })
  return written(await deploymentById(db, job_id, deployment_id))
}

/**
 * The checks of all conditions that an order would have to meet now; empty if there are none. Throws
 * Refused if the job's host has no such target, and JobUnknown if there is no such job.
 */
export async function checkOrderConditions(
  db: Database,
  order: Pick<
    ShippingOrder,
    'job_id' | 'checkpoint_id' | 'model_name' | 'target' | 'if_better' | 'host_id'
  >,
): Promise<ConditionCheck[]> {
  const { job_id, target = DEFAULT_TARGET, if_better = false } = order
  return snapshot(db, async (tx) => {
    const [job] = await tx.select().from(trainingJobs).where(eq(trainingJobs.job_id, job_id))
    if (!job) throw new JobUnknown(job_id)
    const { path } = await filesRow(tx, job_id, order.checkpoint_id)
    const where = (await shipperOf(tx, job, path, order.host_id)) ?? job
    const required = await requiredOf(tx, where, target, if_better)
    if (!required) return []
    return conditionChecks(db, tx, { ...order, target, host_id: where.host_id }, required)
  })
}

/** What a person wrote, without blanks around it; null if that is nothing. And the person's account. */
export function orderer({ by, why, person_id = null }: Orderer): {
  by: string | null
  why: string | null
  by_person_id: string | null
} {
  return { by: by?.trim() || null, why: why?.trim() || null, by_person_id: person_id }
}

/** Throws Refused if nobody is named who orders, because then no other person can be told apart. */
export function assertNamed(order: Orderer, target: string): void {
  if (orderer(order).by !== null) return
  throw new Refused(
    `A second person approves each shipment to ${target}. Say who orders it: give your name.`,
  )
}

/**
 * The host of an order whose agent ships it; null for the job's. Throws Refused if that host does not
 * see the files, or no agent of it ever reported.
 */
async function shipperOf(
  tx: Tx,
  job: JobRow,
  path: string,
  host_id: string | undefined,
): Promise<{ host_id: string; host: string } | null> {
  if (host_id === undefined || (host_id === job.host_id && job.source !== SENT)) return null
  const absolute_path = absolutePath(job.output_dir, path)
  if (!s3Address(absolute_path)) {
    throw new Refused(`${absolute_path} is on ${job.host}, so only the agent there can ship it.`)
  }
  const [host] = await tx.select().from(hosts).where(eq(hosts.host_id, host_id))
  if (host) return { host_id, host: host.hostname }
  throw new Refused(`No agent of the host ${host_id} ever reported. Start one there: bestmark up`)
}

/**
 * What an order must meet: the conditions of the target and its own; null for nothing. Throws Refused
 * if the job's host has no such target.
 */
async function requiredOf(
  tx: Tx,
  { host, host_id }: Pick<JobRow, 'host' | 'host_id'>,
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
  const isRelative = !/^([/\\]|[a-z]:)/i.test(path) && !isUri(path)
  return isRelative && !path.split(/[/\\]/).includes('..')
}

type FilesRow = Pick<typeof checkpoints.$inferSelect, 'bytes' | 'path' | 'base' | 'serving'>

/**
 * The files of a checkpoint. Throws Refused if they are not complete, or belong to another job. Those in a
 * store that this machine could not read may be ordered: the agent that ships them looks again.
 */
async function shippable(tx: Tx, job_id: string, checkpoint_id: string): Promise<FilesRow> {
  const row = await filesRow(tx, job_id, checkpoint_id)
  if (row.files_state === 'complete' || row.files_fault === 'store_unread') return row
  const why = row.files_why ? ` (${row.files_why})` : ''
  throw new Refused(`${row.path} cannot be shipped: its files are ${row.files_state}${why}.`)
}

/** The files of a checkpoint, whatever their state. Throws Refused if it is of another job. */
async function filesRow(tx: Tx, job_id: string, checkpoint_id: string) {
  const { files_state, files_why, files_fault, bytes, path, base, serving } = checkpoints
  const [row] = await tx
    .select({ files_state, files_why, files_fault, bytes, path, base, serving })
    .from(checkpoints)
    .where(and(eq(checkpoints.job_id, job_id), eq(checkpoints.checkpoint_id, checkpoint_id)))
  if (!row) throw new Refused(`This job has no checkpoint ${checkpoint_id}.`)
  return row
}

/** Why this checkpoint is shipped, from the job's row. */
function reasonOf({ best_step, best_reason }: JobRow, is_best: boolean): string {
  if (is_best) return best_reason ?? 'Chosen as the best.'
  return best_step === null
    ? 'Chosen by hand.'
    : `Chosen by hand; step ${grouped(best_step)} was the best.`
}
