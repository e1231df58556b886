import { boolean, check, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
import { milliseconds, storableText } from './columns.ts'

/** One row: the id of this board, and its rules. */
export const board = pgTable(
  'board',
  {
    one: boolean().primaryKey().default(true),
    board_id: uuid().notNull().defaultRandom(),
    /** For how many days after its end all points of a job are kept; null: for ever. */
    keep_points_days: integer(),
  },
  (row) => [check('board_has_one_row', sql`${row.one}`)],
)

/** Actions that happen once on a board; the process that inserts the row does the action. */
export const claims = pgTable('claims', {
  key: text().primaryKey(),
  claimed_at: milliseconds().notNull(),
})

/** Machines whose agents reported. */
export const hosts = pgTable('hosts', {
  host_id: uuid().primaryKey(),
  hostname: storableText().notNull(),
  seen_at: milliseconds().notNull(),
})

/** Disks of hosts that were full, each with its last time. */
export const fullDisks = pgTable(
  'full_disks',
  {
    host_id: uuid().notNull(),
    /** Where the disk is mounted on its host. */
    mount: storableText().notNull(),
    holds_database: boolean().notNull(),
    full_since: milliseconds().notNull(),
    over_at: milliseconds(),
  },
  (row) => [primaryKey({ columns: [row.host_id, row.mount] })],
)

/** Views of the list that people saved by name, for everybody on the board. */
export const savedViews = pgTable('saved_views', {
  view_id: uuid().primaryKey().defaultRandom(),
  name: storableText().notNull(),
  /** What the list shows, as the query of its address. */
  query: storableText().notNull(),
  saved_at: milliseconds().notNull(),
})
