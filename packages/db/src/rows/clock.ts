import { sql } from 'drizzle-orm'

/** The database's clock in milliseconds: the only one that all processes share. */
export const clock = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::float8`
