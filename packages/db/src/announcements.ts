import type { Database } from './client.ts'
import { CHANNEL } from './job.ts'

/** One announced write; undefined when some may have been missed and everything must be looked at. */
type Announcement = { job_id: string; revision: number } | undefined
type Hearer = (announcement: Announcement) => void

interface Hub {
  hearers: Set<Hearer>
  listening: Promise<unknown>
}

const hubs = new WeakMap<Database['sql'], Hub>()

/**
 * Calls `hearer` for every write to a job that commits from now on. All hearers of a database share
 * one connection, which is made again when it breaks. Returns what ends it.
 */
export async function hear(db: Database, hearer: Hearer): Promise<() => void> {
  const hub = hubs.get(db.sql) ?? open(db)
  hub.hearers.add(hearer)
  try {
    await hub.listening
  } catch (error) {
    hubs.delete(db.sql)
    throw error
  }
  return () => hub.hearers.delete(hearer)
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
