import {
  bigint,
  boolean,
  foreignKey,
  index,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { milliseconds, storableText } from './columns.ts'
import { checkpoints } from './run.ts'

/**
 * `elsewhere` was done on another board and came with an export, so nothing here is live because of
 * it.
 */
export type DeploymentStatus = 'queued' | 'copying' | 'verifying' | 'done' | 'failed' | 'elsewhere'

/** The ledger: one checkpoint shipped under one model name. */
export const deployments = pgTable(
  'deployments',
  {
    job_id: uuid().notNull(),
    deployment_id: uuid().notNull(),
    checkpoint_id: uuid().notNull(),
    is_best: boolean().notNull(),
    /** The reason at the time of the choice; later rankings do not change it. */
    reason: storableText().notNull(),
    model_name: text().notNull(),
    status: text().$type<DeploymentStatus>().notNull(),
    bytes_done: bigint({ mode: 'number' }).notNull().default(0),
    bytes_total: bigint({ mode: 'number' }).notNull().default(0),
    path: storableText(),
    error: storableText(),
    created_at: milliseconds().notNull(),
    /** When its agent last reported. Another agent may take over if it stays silent. */
    advanced_at: milliseconds(),
    ended_at: milliseconds(),
    revision: bigint({ mode: 'number' }).notNull(),
  },
  (row) => [
    primaryKey({ columns: [row.job_id, row.deployment_id] }),
    foreignKey({
      columns: [row.job_id, row.checkpoint_id],
      foreignColumns: [checkpoints.job_id, checkpoints.checkpoint_id],
    }),
    index('deployments_status').on(row.status, row.created_at),
    index('deployments_model').on(row.model_name, row.ended_at),
  ],
)
