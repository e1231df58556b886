import type { Database } from '../connection/client.ts'
import { CHANNEL } from '../rows/job.ts'

/**
 * One announced write; undefined if some may have been missed, so that everything must be checked.
 */
export type Announcement = { job_id: string; revision: number } | undefined
type AnnouncementCallback = (announcement: Announcement) => void

interface Hub {
  callbacks: Set<AnnouncementCallback>
  listening: Promise<unknown>
}

const hubs = new WeakMap<Database['sql'], Hub>()

/**
 * Calls `callback` for every write to a job that commits between `begin` and `end`. All listeners
 * of a database share one connection, which is opened again when it breaks.
 */
export class AnnouncementListener {
  readonly #db: Database
  readonly #callback: AnnouncementCallback

  constructor(db: Database, callback: AnnouncementCallback) {
    this.#db = db
    this.#callback = callback
  }

  /** Resolves once no later write can be missed. A second call does nothing new. */
  async begin(): Promise<void> {
    const { sql } = this.#db
    const hub = hubs.get(sql) ?? open(this.#db)
    hub.callbacks.add(this.#callback)
    try {
      await hub.listening
    } catch (error) {
      if (hubs.get(sql) === hub) hubs.delete(sql)
      throw error
    }
  }

  end(): void {
    hubs.get(this.#db.sql)?.callbacks.delete(this.#callback)
  }
}

function open({ sql, listen }: Database): Hub {
  const callbacks = new Set<AnnouncementCallback>()
  const notify = (announcement: Announcement): void =>
    callbacks.forEach((callback) => callback(announcement))
  const onPayload = (payload: string): void => {
    const [job_id = '', revision] = payload.split(' ')
    notify({ job_id, revision: Number(revision) })
  }
  const listener = { heard: onPayload, listening: () => notify(undefined) }
  const hub = { callbacks, listening: listen(CHANNEL, listener) }
  hubs.set(sql, hub)
  return hub
}
