import {
  deriveStatus,
  FIELD_ORIGIN,
  type FieldOf,
  type StoredStatus,
  type TrainingJobStatus,
  ownValue,
} from '@bestmark/core'
import { DrizzleQueryError, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Database, Orm } from '../connection/client.ts'
import { type HostNews, type Notice, noticeToHost } from './hostNews.ts'
import { clock } from './clock.ts'
import { JobUnknown } from '../values/refused.ts'
import { thisWrite } from './boardRevision.ts'
import { type JobRow, trainingJobs } from '../schema.ts'

export type Tx = Parameters<Parameters<Orm['transaction']>[0]>[0]

/** The source of a job that was imported from an export file. */
export const EXPORTED = 'export'

/** The source of a job whose journal was sent to the board, so no agent sees its files. */
export const SENT = 'sent'

/** The channel on which every write to a job is announced, as `<job_id> <revision>`. */
export const CHANNEL = 'bestmark'

const FIELDS = Object.keys(FIELD_ORIGIN)

/**
 * The status of a row at `now` (ms). Its first line checks that the row has every stored field: a
 * missing column, or one of another type, does not compile.
 */
export function statusOf(row: JobRow, now = Date.now()): TrainingJobStatus {
  const stored: StoredStatus = row
  const status: Record<string, unknown> = { ...deriveStatus(stored, row, now) }
  // The row has more columns than the status; the rest are exactly its fields.
  return Object.fromEntries(
    FIELDS.map((field) => [field, ownValue(status, field)]),
  ) as TrainingJobStatus
}

/** The whole configuration of a job: from files beside the log, and from the log, which knows better. */
export function configOf({
  setup_config,
  config,
}: Pick<JobRow, 'setup_config' | 'config'>): JobRow['config'] {
  return { ...setup_config, ...config }
}

/** A job's row while it is locked, and the database's clock (ms). */
export interface LockedJob extends JobRow {
  now: number
}

/** What a write may set of a job's row. The selected fields belong to `reselect` alone. */
export type JobChanges = Partial<
  Omit<
    JobRow,
    FieldOf<'selected'> | 'best_reason' | 'job_id' | 'revision' | 'board_revision' | 'changed_at'
  >
>

/** The outcome of a write. Without `set` nothing was written and the revision stays. */
export interface Change<T> {
  set?: JobChanges | undefined
  /** Another host than the job's whose agent has an order now. */
  ships_on?: string | null
  answer: T
}

/**
 * Writes to one job in one transaction: it locks the job's row, raises the revision and announces
 * it. Rows that `change` writes carry the given revision. Throws JobUnknown.
 */
export async function changeJob<T>(
  db: Database,
  job_id: string,
  change: (tx: Tx, job: LockedJob, revision: number) => Promise<Change<T>>,
): Promise<T> {
  return transaction(db, (tx) => changeJobIn(tx, job_id, change))
}

/** One transaction, whose errors do not contain the parameters of the failed query. */
export async function transaction<T>(db: Database, write: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await db.orm.transaction(write)
  } catch (error) {
    throw shortened(error)
  }
}

/** `changeJob` within a longer transaction; the job's row stays locked until its end. */
export async function changeJobIn<T>(
  tx: Tx,
  job_id: string,
  change: (tx: Tx, job: LockedJob, revision: number) => Promise<Change<T>>,
): Promise<T> {
  const [job] = await tx
    .select({ ...getTableColumns(trainingJobs), now: clock })
    .from(trainingJobs)
    .where(eq(trainingJobs.job_id, job_id))
    .for('update')
    .prepare('lock_job')
    .execute()
  if (!job) throw new JobUnknown(job_id)
  const revision = job.revision + 1
  const { set, ships_on = null, answer } = await change(tx, job, revision)
  if (set) {
    const written = tx
      .update(trainingJobs)
      .set({ ...set, revision, board_revision: thisWrite, changed_at: job.now })
      .where(eq(trainingJobs.job_id, job_id))
      .prepare('change_job')
      .execute()
    // Both are sent at once. A write to a distributed table cannot notify by itself.
    const order = ships_on === null ? [] : [noticeToHost(ships_on, { kind: 'order', job_id })]
    const news = [noticeOf(job_id, revision), ...newsOf(job, set), ...order]
    await Promise.all([written, notify(tx, news)])
  }
  return answer
}

/** What an agent reads of a job's row, except how far the job is. */
const FOR_AGENT = ['status', 'host_id', 'output_dir', 'deleted_at', 'stop_requested_at'] as const

/** Whether a write changes what an agent reads of the job. */
export function isForAgent(job: JobRow, set: JobChanges): boolean {
  return FOR_AGENT.some((field) => set[field] !== undefined && set[field] !== job[field])
}

/** Tells the host of a job what a write changes for it, and the host that it moves to. */
function newsOf(job: JobRow, set: JobChanges): Notice[] {
  const kinds: HostNews['kind'][] = [
    ...(isForAgent(job, set) ? ['job' as const] : []),
    ...(set.deployments_revision === undefined ? [] : ['order' as const]),
    ...(set.checkpoints_revision === undefined ? [] : ['files' as const]),
  ]
  const hosts = new Set([job.host_id, set.host_id ?? job.host_id])
  return kinds.flatMap((kind) => {
    return [...hosts].map((host) => noticeToHost(host, { kind, job_id: job.job_id }))
  })
}

/** A notice of a write to a job. */
export function noticeOf(job_id: string, revision: number): Notice {
  return { channel: CHANNEL, payload: `${job_id} ${revision}` }
}

/** Notifies listeners when the transaction commits. */
export async function notify(tx: Tx, notices: readonly Notice[]): Promise<void> {
  const all = (part: keyof Notice) => sql.param(notices.map((notice) => notice[part]))
  await tx
    .select({ notified: sql`pg_notify(channel, payload)` })
    .from(
      sql`unnest(${all('channel')}::text[], ${all('payload')}::text[]) as notice (channel, payload)`,
    )
    .prepare('notify')
    .execute()
}

/** A failed query's message contains every parameter, maybe a megabyte. The cause is enough. */
function shortened(error: unknown): unknown {
  if (!(error instanceof DrizzleQueryError)) return error
  const statement = error.query.slice(0, 60)
  return new Error(`${error.cause?.message ?? 'The query failed'} (in: ${statement}…)`, {
    cause: error.cause,
  })
}
