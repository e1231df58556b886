import type { TargetConditions } from '@bestmark/core'
import { join } from 'node:path'
import {
  advanceDeployment,
  assertConditions,
  databaseFailure,
  claimDeployment,
  type ClaimedDeployment,
  privateFolder,
  type Database,
  type DeploymentAdvance,
  pathBelow,
} from '@bestmark/db'
import { Failure, errorText } from '../failure.ts'
import { isBelow } from '../files/below.ts'
import { recordDamage, checkShippable } from './shippable.ts'
import { checkpointDigest } from '../checkpoints/digest.ts'
import { currentVersion } from './current.ts'
import { deliveryStep } from './deliveryStep.ts'
import { goBack } from './earlierVersion.ts'
import { readManifest } from './manifest.ts'
import { Damaged, finishShipment, shipToFolder } from './shipment.ts'
import { modelFolderOf, readTargets, TARGETS_FILE } from '../targets/configuration.ts'
import { NotDelivered } from '../targets/deliveryOrder.ts'
import type { TargetOptions } from '../targets/targetOptions.ts'
import type { ShipmentProgress } from './verification.ts'

/** The shortest time between two writes of the progress (ms). */
const REPORT_EVERY = 200

/**
 * Ships one checkpoint that was ordered on this host to `<home>/models/<model name>`; returns whether
 * there was an order. Errors are written into the deployment, where the user sees them. Throws if the
 * database fails. A version that is already live then stays, and the next agent that claims the
 * deployment finishes its record.
 */
export async function shipNext(
  db: Database,
  host_id: string,
  home: string,
  signal: AbortSignal,
): Promise<boolean> {
  const order = await claimDeployment(db, host_id)
  if (!order) return false
  const reporter = new Reporter(db, order)
  const until = AbortSignal.any([signal, reporter.taken])
  let end: End
  try {
    const absolute_path = await shipOrder(db, { order, home, reporter }, until)
    const digest = await shippedDigest(absolute_path)
    end = { status: 'done', absolute_path, digest, output: reporter.output }
  } catch (error) {
    // Another agent ships it now and will report the result.
    if (reporter.taken.aborted) return true
    if (error instanceof Damaged) await recordDamage(db, order)
    // If this agent was stopped, the next agent starts the shipment again.
    if (signal.aborted) return true
    if (databaseFailure(error) !== undefined) throw error
    const output = error instanceof NotDelivered ? error.output : null
    end = { status: 'failed', error: errorText(error), output }
  }
  await reporter.finish(end)
  return true
}

interface Shipping {
  order: ClaimedDeployment
  home: string
  reporter: Reporter
}

/** Ships an order, or finishes it if another agent began it; returns the path of its version. */
async function shipOrder(
  db: Database,
  { order, home, reporter }: Shipping,
  signal: AbortSignal,
): Promise<string> {
  const { job_id, deployment_id, model_name, root, source_path, path } = order
  const { job_name, checkpoint_id, step, is_best, reason, created_at, was_begun } = order
  const { by, why, rolls_back_to, earlier_path, choice, contents, files_from } = order
  const options = await optionsOf(home, order.target)
  if (options.conditions?.approved && order.approved_at === null && !was_begun) {
    throw new Failure(
      `Target ${order.target} needs the approval of a second person since this was ordered. Order it again.`,
    )
  }
  const modelFolder = modelFolderOf(home, order.target, options, model_name)
  const version = versionName(root, path, deployment_id)
  const served_before = was_begun ? undefined : await currentVersion(modelFolder)
  const assertOurs = (): Promise<void> => reporter.assertOurs()
  const report = (progress: ShipmentProgress): void => reporter.report(progress)
  const answered = (output: string | null): void => void (reporter.output = output)
  const assertMet = async (): Promise<void> => {
    const required = requiredOf(order, options)
    if (required) await assertConditions(db, order, required)
  }
  const deliver = deliveryStep(order, options, { report, answered, assertMet, assertOurs }, signal)
  const place = { deployment_id, created_at, modelFolder, version, served_before }
  const target = { ...place, deliver }
  const finished = was_begun ? await finishShipment(target, assertOurs, signal) : undefined
  if (finished !== undefined) return finished
  for (const name of ['models', 'targets']) {
    if (isBelow(modelFolder, join(home, name))) await privateFolder(home, name)
  }
  const facts = { job_id, job_name, checkpoint_id, step, is_best, reason, by, why, rolls_back_to }
  const ledger = { ...facts, choice, source: source_path, shipped_at: Date.now() }
  if (rolls_back_to !== null) {
    const back = { ...target, earlier: earlier_path, what: `${path} of ${job_name}` }
    return await goBack({ ...back, ledger, assertOurs }, report, signal)
  }
  await assertMet()
  const found = await checkShippable(db, order)
  const wanted = { contents, files_from, card: choice && { model_name, choice } }
  const shipment = { ...target, ...found, ...wanted, root, source: source_path, ledger, assertOurs }
  return await shipToFolder(shipment, report, signal)
}

/**
 * What an order must meet now: the target's conditions and those that it was ordered with. A roll back
 * must meet none, because its files were live there before.
 */
function requiredOf(
  { conditions, rolls_back_to }: ClaimedDeployment,
  options: TargetOptions,
): TargetConditions | undefined {
  if (rolls_back_to !== null || (!conditions && !options.conditions)) return undefined
  return { ...conditions?.conditions, ...options.conditions }
}

/** The options of a target. Throws a Failure if the configuration no longer has it. */
async function optionsOf(home: string, name: string): Promise<TargetOptions> {
  const options = (await readTargets(home)).get(name)
  if (options) return options
  throw new Failure(
    `${join(home, TARGETS_FILE)} has no target "${name}" now, so nothing was shipped.`,
  )
}

/** The SHA-256 of all shipped files of a version; null if it has no manifest. */
async function shippedDigest(folder: string): Promise<string | null> {
  const manifest = await readManifest(folder)
  return manifest ? checkpointDigest(new Map(Object.entries(manifest.files))) : null
}

/** A folder name for a version, short enough for file systems with 255 bytes per name. */
function versionName(root: string, path: string, deployment_id: string): string {
  const name = (pathBelow(root, path) ?? path).replaceAll(/[^\w.-]+/g, '-').slice(-100)
  return `${name}-${deployment_id.slice(0, 8)}`
}

type Update = Omit<DeploymentAdvance, 'job_id' | 'deployment_id' | 'held'>
type End =
  | { status: 'done'; absolute_path: string; digest: string | null; output: string | null }
  | { status: 'failed'; error: string; output: string | null }

/** Writes the progress without delaying the copy: one write at a time, and the newest counts. */
class Reporter {
  readonly #db: Database
  readonly #key: { job_id: string; deployment_id: string }
  #latest: ShipmentProgress
  #writing: Promise<unknown> = Promise.resolve()
  #written = 0
  /** The revision of our last write. */
  #held: number
  readonly #taken = new AbortController()
  /** What the target answered. */
  output: string | null = null

  constructor(db: Database, order: ClaimedDeployment) {
    const { job_id, deployment_id, bytes_total, held } = order
    this.#db = db
    this.#key = { job_id, deployment_id }
    this.#latest = { status: 'copying', bytes_done: 0, bytes_total }
    this.#held = held
  }

  /** Aborted when another agent has taken over the shipment. */
  get taken(): AbortSignal {
    return this.#taken.signal
  }

  /** Throws if another agent has taken over the shipment. */
  async assertOurs(): Promise<void> {
    await this.#writing
    await this.#write(this.#latest)
    this.taken.throwIfAborted()
  }

  report(progress: ShipmentProgress): void {
    const turned = progress.status !== this.#latest.status
    this.#latest = progress
    if (!turned && Date.now() - this.#written < REPORT_EVERY) return
    this.#written = Date.now()
    this.#writing = this.#writing.then(() => this.#write(progress))
    // `finish` awaits this and throws the error; until then the error must not end the process.
    this.#writing.catch(() => undefined)
  }

  async finish(end: End): Promise<void> {
    await this.#writing
    const { bytes_total } = this.#latest
    const whole = end.status === 'done' ? { bytes_done: bytes_total } : {}
    await this.#write({ ...this.#latest, ...whole, ...end })
  }

  async #write(update: Update): Promise<void> {
    const advance = { ...this.#key, ...update, held: this.#held }
    const revision = await advanceDeployment(this.#db, advance)
    if (revision === undefined) this.#taken.abort(new Failure('Another agent ships it now.'))
    else this.#held = revision
  }
}
