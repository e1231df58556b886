import type { Database } from '../connection/client.ts'
import type { Tx } from './job.ts'

/** Reads rows of one moment, such as a decision and the rows shown beside it. */
export async function snapshot<T>(db: Database, read: (tx: Tx) => Promise<T>): Promise<T> {
  const config = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const
  return db.orm.transaction(read, config)
}
