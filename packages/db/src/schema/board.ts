import { boolean, check, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
import { milliseconds, said } from './columns.ts'

/** One row: who this board is. */
export const board = pgTable(
  'board',
  {
    one: boolean().primaryKey().default(true),
    board_id: uuid().notNull().defaultRandom(),
  },
  (row) => [check('board_has_one_row', sql`${row.one}`)],
)

/** Things that happen once on a board, each held by whoever inserted it. */
export const claims = pgTable('claims', {
  key: text().primaryKey(),
  claimed_at: milliseconds().notNull(),
})

/** Machines whose agents were heard. */
export const hosts = pgTable('hosts', {
  host_id: uuid().primaryKey(),
  hostname: said().notNull(),
  seen_at: milliseconds().notNull(),
})
