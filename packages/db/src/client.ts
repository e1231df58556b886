import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import * as schema from './schema.ts'

/** The database cannot be reached or started; the message is one sentence without secrets. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
}

export type Orm = PostgresJsDatabase<typeof schema>

/** An open database. Times are milliseconds (float8), bigints are numbers; there are no Dates. */
export interface Database {
  sql: postgres.Sql<{ bigint: number }>
  orm: Orm
  /** Where it is, for people; without a password. */
  describe: string
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** The data folder, absolute. */
  home: string
  databaseUrl?: string | undefined
}

/** The database over an open client. */
export function databaseOver(sql: Database['sql'], describe: string): Database {
  const orm = drizzle(sql, { schema })
  return { sql, orm, describe, close: () => sql.end({ timeout: 2 }) }
}
