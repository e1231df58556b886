import { join } from 'node:path'
import { advanceDeployment, claimDeployment, type Database } from '@bestmark/db'
import { sentence } from './failure.ts'
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
  const version = `${checkpoint_name.replaceAll(/[^\w.-]+/g, '-')}-${deployment_id.slice(0, 8)}`
  const modelFolder = join(home, 'models', model_name)
  const place = { deployment_id, root, source: source_path, modelFolder, version, ledger }
  const reporter = new Reporter(db, { job_id, deployment_id })
  try {
    const shipment = { ...place, digest: await stillShippable(db, order) }
    const path = await shipToFolder(shipment, (progress) => reporter.report(progress), signal)
    await reporter.finish({ status: 'done', path })
  } catch (error) {
    if (error instanceof Damaged) await noteDamage(db, order)
    // A shipment that is cut short by the agent's own end is begun anew by the next one.
    if (!signal.aborted) await reporter.finish({ status: 'failed', error: sentence(error) })
  }
  return true
}

/** Writes progress without slowing the copy: one write at a time, the newest wins. */
class Reporter {
  readonly #db: Database
  readonly #key: { job_id: string; deployment_id: string }
  #latest: ShipmentProgress = { status: 'copying', bytes_done: 0, bytes_total: 0 }
  #writing: Promise<unknown> = Promise.resolve()
  #written = 0

  constructor(db: Database, key: { job_id: string; deployment_id: string }) {
    this.#db = db
    this.#key = key
  }

  report(progress: ShipmentProgress): void {
    const turned = progress.status !== this.#latest.status
    this.#latest = progress
    if (!turned && Date.now() - this.#written < REPORT_EVERY) return
    this.#written = Date.now()
    this.#writing = this.#writing.then(() =>
      advanceDeployment(this.#db, { ...this.#key, ...progress }),
    )
    // Awaited in `finish`, which throws what went wrong; until then it must not end the process.
    this.#writing.catch(() => undefined)
  }

  async finish(
    end: { status: 'done'; path: string } | { status: 'failed'; error: string },
  ): Promise<void> {
    await this.#writing
    await advanceDeployment(this.#db, { ...this.#key, ...this.#latest, ...end })
  }
}
