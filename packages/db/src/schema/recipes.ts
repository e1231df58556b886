import type { RecipeParameter, RunOrderState } from '@bestmark/core'
import { boolean, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { milliseconds, plainRecord, storableText } from './columns.ts'

/** The training programs of each host that the board may start, as its agent read them. */
export const recipes = pgTable(
  'recipes',
  {
    host_id: uuid().notNull(),
    name: text().notNull(),
    text: storableText().notNull(),
    parameters: plainRecord<RecipeParameter>().notNull(),
    can_resume: boolean().notNull(),
    at_once: integer().notNull(),
    read_at: milliseconds().notNull(),
  },
  (row) => [primaryKey({ columns: [row.host_id, row.name] })],
)

/** Orders to start runs: a queue for the agents of all hosts, and what became of them. */
export const runOrders = pgTable(
  'run_orders',
  {
    order_id: uuid().primaryKey(),
    /** The job that the run will be, which appears with the start; of a resumed run the old one. */
    job_id: uuid().notNull(),
    is_resumed: boolean().notNull().default(false),
    recipe: text().notNull(),
    /** The host that must start it; null if any host with this recipe may. */
    host_id: uuid(),
    name: storableText().notNull(),
    project: storableText().notNull(),
    parameters: plainRecord<string | number>().notNull(),
    by: storableText(),
    state: text().$type<RunOrderState>().notNull(),
    error: storableText(),
    created_at: milliseconds().notNull(),
    /** The host whose agent took it, and when. */
    taken_by: uuid(),
    taken_at: milliseconds(),
    ended_at: milliseconds(),
    /** The job of Slurm that runs it, and why Slurm lets it wait. */
    slurm_job_id: text(),
    waits_for: storableText(),
  },
  (row) => [
    index('run_orders_state').on(row.state, row.created_at),
    index('run_orders_job').on(row.job_id),
  ],
)
