import type { Database } from '../connection/client.ts'
import { CHANNEL } from '../rows/job.ts'

/** One announced write; undefined when some may have been missed and everything must be looked at. */
export type Announcement = { job_id: string; revision: number } | undefined
type Hearer = (announcement: Announcement) => void

interface Hub {
  hearers: Set<Hearer>
  listening: Promise<unknown>
}

const hubs = new WeakMap<Database['sql'], Hub>()

/**
 * Calls `hearer` for every write to a job that commits between `begin` and `end`. All that listen
 * to a database share one connection, which is made again when it breaks.
 */
export class Listening {
  readonly #db: Database
  readonly #hearer: Hearer

  constructor(db: Database, hearer: Hearer) {
    this.#db = db
    this.#hearer = hearer
  }

  /** Resolves once no further write can be missed; begun twice it goes on. */
  async begin(): Promise<void> {
    const { sql } = this.#db
    const hub = hubs.get(sql) ?? open(this.#db)
    hub.hearers.add(this.#hearer)
    try {
      await hub.listening
    } catch (error) {
      if (hubs.get(sql) === hub) hubs.delete(sql)
      throw error
    }
  }

  end(): void {
    hubs.get(this.#db.sql)?.hearers.delete(this.#hearer)
  }
}

function open({ sql }: Database): Hub {
  const hearers = new Set<Hearer>()
  const tell = (announcement: Announcement): void =>
    hearers.forEach((hearer) => hearer(announcement))
  const heard = (payload: string): void => {
    const [job_id = '', revision] = payload.split(' ')
    tell({ job_id, revision: Number(revision) })
  }
  const hub = { hearers, listening: sql.listen(CHANNEL, heard, () => tell(undefined)) }
  hubs.set(sql, hub)
  return hub
}
