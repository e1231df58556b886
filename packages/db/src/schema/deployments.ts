import type {
  CheckedConditions,
  FrozenChoice,
  ModelCheckState,
  PromptState,
  TargetConditions,
  TargetKind,
} from '@bestmark/core'
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
import { milliseconds, plain, storableText } from './columns.ts'
import { checkpoints } from './run.ts'

/** An agent works on it: it copies and reads back the files, then delivers them to the target. */
export const MOVING = ['copying', 'verifying', 'delivering'] as const

/**
 * `withdrawn` was ordered, and a person took the order back before an agent began it. `elsewhere` was
 * done on another board and came with an export, so nothing here is live because of it.
 */
export type DeploymentStatus =
  'queued' | (typeof MOVING)[number] | 'done' | 'failed' | 'withdrawn' | 'elsewhere'

/** What is shipped: all files of the checkpoint, or only those that serving needs. */
export type ShippedContents = 'serving' | 'whole'

/**
 * The ledger: one checkpoint shipped under one model name. A trigger of the database refuses to delete
 * a row, to change one that ended, and to change what was ordered.
 */
export const deployments = pgTable(
  'deployments',
  {
    job_id: uuid().notNull(),
    deployment_id: uuid().notNull(),
    checkpoint_id: uuid().notNull(),
    is_best: boolean().notNull(),
    /** The reason at the time of the choice; later rankings do not change it. */
    reason: storableText().notNull(),
    /** Who ordered it, as the person wrote it; null in rows of older versions. */
    by: storableText(),
    /** The account of that person; null without one. */
    by_person_id: uuid(),
    /** Why, as the person wrote it; null if nobody gave a reason. */
    why: storableText(),
    /** The decision at that time; null in rows of older versions. */
    choice: plain().$type<FrozenChoice>(),
    /** The conditions that it had to meet, and the outcome; null if there were none. */
    conditions: plain().$type<CheckedConditions>(),
    /** No agent takes it before a second person approves it. */
    needs_approval: boolean().notNull().default(false),
    /** The second person, and when; null until then. */
    approved_by: storableText(),
    approved_by_person_id: uuid(),
    approved_at: milliseconds(),
    /** Who withdrew the order; null also if nobody was named. */
    withdrawn_by: storableText(),
    /** The earlier shipment whose files are live again; null for a shipment of a checkpoint. */
    rolls_back_to: uuid(),
    contents: text().$type<ShippedContents>().notNull().default('whole'),
    /**
     * A folder whose files of configuration and vocabulary are added where the checkpoint has none:
     * relative to the run's root, or absolute.
     */
    files_from: storableText(),
    model_name: text().notNull(),
    /** The host whose agent ships it, and its name; null for the host of the job. */
    host_id: uuid(),
    host: storableText(),
    /** The name of a target of that host. */
    target: text().notNull().default('folder'),
    status: text().$type<DeploymentStatus>().notNull(),
    bytes_done: bigint({ mode: 'number' }).notNull().default(0),
    bytes_total: bigint({ mode: 'number' }).notNull().default(0),
    path: storableText(),
    /** SHA-256 of the shipped files, written when they are live. */
    digest: text(),
    error: storableText(),
    /** The end of what the target's program or receiver answered. */
    output: storableText(),
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

/** The targets of each host, as its agent read them from the configuration. */
export const targets = pgTable(
  'targets',
  {
    host_id: uuid().notNull(),
    name: text().notNull(),
    kind: text().$type<TargetKind>().notNull(),
    place: storableText().notNull(),
    conditions: plain().$type<TargetConditions>(),
    read_at: milliseconds().notNull(),
  },
  (row) => [primaryKey({ columns: [row.host_id, row.name] })],
)

/** Orders to compare the files of a live model with the ledger, and what was found. */
export const modelChecks = pgTable(
  'model_checks',
  {
    job_id: uuid().notNull(),
    check_id: uuid().notNull(),
    deployment_id: uuid().notNull(),
    by: storableText(),
    state: text().$type<ModelCheckState>().notNull(),
    /** The files that differ, or the error. */
    detail: storableText(),
    created_at: milliseconds().notNull(),
    ended_at: milliseconds(),
  },
  (row) => [
    primaryKey({ columns: [row.job_id, row.check_id] }),
    foreignKey({
      columns: [row.job_id, row.deployment_id],
      foreignColumns: [deployments.job_id, deployments.deployment_id],
    }),
    index('model_checks_state').on(row.state, row.created_at),
    index('model_checks_deployment').on(row.job_id, row.deployment_id, row.created_at),
  ],
)

/** Prompts for a shipped model, and what it and the last checkpoint of its job wrote. */
export const prompts = pgTable(
  'prompts',
  {
    job_id: uuid().notNull(),
    prompt_id: uuid().notNull(),
    deployment_id: uuid().notNull(),
    prompt: storableText().notNull(),
    by: storableText(),
    state: text().$type<PromptState>().notNull(),
    /** What the shipped model wrote after the prompt. */
    shipped: storableText(),
    /** The step of the last checkpoint; null if it has none, or is the shipped one. */
    last_step: bigint({ mode: 'number' }),
    /** What the last checkpoint wrote; null if it is the shipped one. */
    last: storableText(),
    error: storableText(),
    created_at: milliseconds().notNull(),
    ended_at: milliseconds(),
  },
  (row) => [
    primaryKey({ columns: [row.job_id, row.prompt_id] }),
    foreignKey({
      columns: [row.job_id, row.deployment_id],
      foreignColumns: [deployments.job_id, deployments.deployment_id],
    }),
    index('prompts_state').on(row.state, row.created_at),
    index('prompts_deployment').on(row.job_id, row.deployment_id, row.created_at),
  ],
)
