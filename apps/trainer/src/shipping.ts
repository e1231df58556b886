import { join } from 'node:path'
import {
  advanceDeployment,
  claimDeployment,
  closedFolder,
  type Database,
  type DeploymentAdvance,
  pathBelow,
} from '@bestmark/db'
import { Failure, sentence } from './failure.ts'
import { noteDamage, stillShippable } from './shippable.ts'
import { Damaged, shipToFolder, type ShipmentProgress } from './targets/folder.ts'

/** Progress is written this often at most (ms). */
const REPORT_EVERY = 200

/**
 * Ships one checkpoint that was asked for on this host, if there is one, to
 * `<home>/models/<model name>`; returns whether there was. What goes wrong is written into the
 * deployment, where the person who asked for it sees it.
 */
export async function shipNext(
  db: Database,
  host_id: string,
  home: string,
  signal: AbortSignal,
): Promise<boolean> {
  const order = await claimDeployment(db, host_id)
  if (!order) return false
  const { job_id, deployment_id, model_name, root, source_path, checkpoint_name } = order
  const { job_name, checkpoint_id, step, is_best, reason, created_at } = order
  const known = { job_id, job_name, checkpoint_id, step, is_best, reason }
  const ledger = {
    deployment_id,
    ...known,
    source: source_path,
    created_at,
    shipped_at: Date.now(),
  }
  const version = versionName(root, checkpoint_name, deployment_id)
  const modelFolder = join(home, 'models', model_name)
  const place = { deployment_id, root, source: source_path, modelFolder, version, ledger }
  const reporter = new Reporter(db, { job_id, deployment_id }, order.held)
  const until = AbortSignal.any([signal, reporter.taken])
  try {
    await closedFolder(home, 'models')
    const digest = await stillShippable(db, order)
    const shipment = { ...place, digest, stillOurs: () => reporter.stillOurs() }
    const path = await shipToFolder(shipment, (progress) => reporter.report(progress), until)
    await reporter.finish({ status: 'done', path })
  } catch (error) {
    // What another agent ships now is its to tell of.
    if (reporter.taken.aborted) return true
    if (error instanceof Damaged) await noteDamage(db, order)
    // A shipment that is cut short by the agent's own end is begun anew by the next one.
    if (!signal.aborted) await reporter.finish({ status: 'failed', error: sentence(error) })
  }
  return true
}

/** A folder's name for a version, which file systems of 255 bytes a name can hold. */
function versionName(root: string, path: string, deployment_id: string): string {
  const name = (pathBelow(root, path) ?? path).replaceAll(/[^\w.-]+/g, '-').slice(-100)
  return `${name}-${deployment_id.slice(0, 8)}`
}

type Said = Omit<DeploymentAdvance, 'job_id' | 'deployment_id' | 'held'>

/** Writes progress without slowing the copy: one write at a time, the newest wins. */
class Reporter {
  readonly #db: Database
  readonly #key: { job_id: string; deployment_id: string }
  #latest: ShipmentProgress = { status: 'copying', bytes_done: 0, bytes_total: 0 }
  #writing: Promise<unknown> = Promise.resolve()
  #written = 0
  /** The revision of our last word. */
  #held: number
  readonly #taken = new AbortController()

  constructor(db: Database, key: { job_id: string; deployment_id: string }, held: number) {
    this.#db = db
    this.#key = key
    this.#held = held
  }

  /** Aborted once another agent has taken the shipment over. */
  get taken(): AbortSignal {
    return this.#taken.signal
  }

  /** Throws where another agent has taken the shipment over. */
  async stillOurs(): Promise<void> {
    await this.#writing
    await this.#say(this.#latest)
    this.taken.throwIfAborted()
  }

  report(progress: ShipmentProgress): void {
    const turned = progress.status !== this.#latest.status
    this.#latest = progress
    if (!turned && Date.now() - this.#written < REPORT_EVERY) return
    this.#written = Date.now()
    this.#writing = this.#writing.then(() => this.#say(progress))
    // Awaited in `finish`, which throws what went wrong; until then it must not end the process.
    this.#writing.catch(() => undefined)
  }

  async finish(
    end: { status: 'done'; path: string } | { status: 'failed'; error: string },
  ): Promise<void> {
    await this.#writing
    await this.#say({ ...this.#latest, ...end })
  }

  async #say(said: Said): Promise<void> {
    const advance = { ...this.#key, ...said, held: this.#held }
    const revision = await advanceDeployment(this.#db, advance)
    if (revision === undefined) this.#taken.abort(new Failure('Another agent ships it now.'))
    else this.#held = revision
  }
}
