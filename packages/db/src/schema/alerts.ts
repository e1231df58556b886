import type { Alert, AlertKind, DeliveryProblem, Destination, JobState } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  pgTable,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { measured, milliseconds, plain, storableText } from './columns.ts'

const count = () => bigint({ mode: 'number' })

// `job_id` is not a foreign key here: its check would lock the job's row, and recording would wait.

/** Which alerts are sent where. `destination` has secrets, which no page and no log shows. */
export const alertRules = pgTable('alert_rules', {
  rule_id: uuid().primaryKey().defaultRandom(),
  /** Null: the jobs of every project. */
  project: storableText(),
  kinds: plain().$type<AlertKind[]>().notNull(),
  /** How many evaluations without improvement give an alert. */
  evaluations: integer().notNull(),
  destination: plain().$type<Destination>().notNull(),
  created_at: milliseconds().notNull(),
})

/** One row: up to which board revision alerts were found. Null while there is no rule. */
export const alertCursor = pgTable(
  'alert_cursor',
  {
    one: boolean().primaryKey().default(true),
    board_revision: count(),
  },
  (row) => [check('alert_cursor_has_one_row', sql`${row.one}`)],
)

/** The facts of each job when it was last compared. */
export const alertFacts = pgTable('alert_facts', {
  job_id: uuid().primaryKey(),
  /** The job's revision then. */
  revision: count().notNull(),
  status: text().$type<JobState>().notNull(),
  attempt: integer().notNull(),
  best_checkpoint_id: uuid(),
  best_step: count(),
  best_metric: measured(),
  best_metric_name: storableText(),
  evaluations_without_improvement: count(),
  seen_at: milliseconds().notNull(),
})

/** Messages to send, and those that were sent. Each fact gives one per rule. */
export const alerts = pgTable(
  'alerts',
  {
    alert_id: count().primaryKey().generatedAlwaysAsIdentity(),
    rule_id: uuid()
      .notNull()
      .references(() => alertRules.rule_id, { onDelete: 'cascade' }),
    /** Null for a test message. */
    job_id: uuid(),
    /** The job's name and project at that time; null for a test message. */
    job_name: storableText(),
    project: storableText(),
    /** Names the fact. */
    key: storableText().notNull(),
    alert: plain().$type<Alert>().notNull(),
    created_at: milliseconds().notNull(),
    /** How often it was sent, or somebody began to send it. */
    tries: integer().notNull().default(0),
    /** When it is sent next; null once it was delivered or given up. */
    next_try_at: milliseconds(),
    delivered_at: milliseconds(),
    /** Why the last try failed. */
    problem: plain().$type<DeliveryProblem>(),
  },
  (row) => [
    // The index uses a digest: an entry must stay under 2.7 kB, and a metric's name may be long.
    uniqueIndex('alerts_fact').on(row.rule_id, row.job_id, sql`md5(${row.key})`),
    index('alerts_due')
      .on(row.next_try_at)
      .where(sql`next_try_at is not null`),
  ],
)
