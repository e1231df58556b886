import {
  activityAfter,
  type EventOf,
  isActive,
  isFromRun,
  ownValue,
  type TrainingEvent,
} from '@bestmark/core'
import { getTableColumns, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { SMALL_CHUNK } from '../rows/chunks.ts'
import { isForAgent, type JobChanges, type LockedJob, noticeOf, type Tx } from '../rows/job.ts'
import { TRICKLE } from '../rows/loggedPoints.ts'
import { type TailRow, tailRows } from '../rows/tailRows.ts'
import { trainingJobs } from '../schema.ts'
import { arrayText } from '../values/arrayText.ts'
import { factsAfter, touched } from './jobAfter.ts'

/** How long the database's clock is not read again (ms), since this machine's clock may be set. */
const FRESH = 60_000

/** With more events a batch is no trickle, and is not looked at further. */
const MOST_EVENTS = 4 * TRICKLE

/** What a recorder keeps of its last write, so that the next one does not read the job again. */
export interface LastWrite {
  /** The job's row after the write, with the database's clock at `read_at`. */
  job: LockedJob
  /** Of this machine (ms since the epoch), because other clocks stop while a machine sleeps. */
  read_at: number
  /** The length of the job's tail of points. */
  tail: number
}

/** What a source read of a live run: points, and how far it read. */
interface LiveBatch {
  source: string
  from: string | null
  to: string
  events: readonly TrainingEvent[]
  root?: string
  replace?: boolean
  removes_scores?: boolean
  moved_to?: unknown
  after?: LastWrite | undefined
  relaxed?: boolean
}

/** The events that have points; those of usage are points whose steps are seconds since the epoch. */
export function pointsIn(events: readonly TrainingEvent[]): EventOf<'metrics'>[] {
  const logged = events.filter((event) => event.type === 'metrics')
  return [...logged, ...events.filter((event) => event.type === 'usage').map(pointsOfUsage)]
}

function pointsOfUsage({ attempt, at, used: values }: EventOf<'usage'>): EventOf<'metrics'> {
  return { type: 'metrics', attempt, step: Math.floor(at / 1000), epoch: null, at, values }
}

/** Whether a batch only appends points, so that nothing else of the job is read or decided. */
export function isOnlyPoints({ replace, removes_scores, moved_to, ...batch }: LiveBatch): boolean {
  if (replace || removes_scores || moved_to !== undefined || batch.from === null) return false
  return batch.events.every(({ type }) => type === 'metrics' || type === 'usage')
}

/**
 * Writes a few points of a live run in one statement, if the job is as the last write of this recorder
 * left it. Returns undefined if nothing was written: then the batch must be recorded in the usual way.
 */
export async function addLivePoints(
  db: Database,
  batch: LiveBatch,
): Promise<LastWrite | undefined> {
  const { after, root, events } = batch
  if (!after || !isOnlyPoints(batch) || !isActive(after.job.status)) return undefined
  const elapsed = Date.now() - after.read_at
  if (elapsed < 0 || elapsed > FRESH) return undefined
  const job = { ...after.job, now: after.job.now + elapsed }
  if (root !== undefined && root !== job.output_dir) return undefined
  const row = rowOf(events)
  const tail = after.tail + (row?.longest ?? NaN)
  if (!row || !(tail < SMALL_CHUNK)) return undefined
  const revision = job.revision + 1
  const set = changesOf(job, events, revision)
  if (isForAgent(job, set)) return undefined
  const isWritten = await write(db, batch, { before: job, set, row: { ...row, length: tail } })
  if (!isWritten) return undefined
  const stored = { ...job, ...set, revision, changed_at: job.now, now: after.job.now }
  return { job: stored, tail, read_at: after.read_at }
}

/** The points as the one row that they need; undefined if they need more rows, or are many. */
function rowOf(events: readonly TrainingEvent[]): (TailRow & { attempt: number }) | undefined {
  const points = pointsIn(events)
  if (points.length > MOST_EVENTS) return undefined
  const [attempt, ...others] = new Set(points.map((one) => one.attempt))
  const [row, ...more] = tailRows(points)
  if (attempt === undefined || !row || others.length + more.length > 0) return undefined
  return row.longest > TRICKLE ? undefined : { attempt, ...row }
}

function changesOf(job: LockedJob, events: readonly TrainingEvent[], revision: number): JobChanges {
  const activity = events.some(isFromRun) ? activityAfter(job, job.now) : {}
  return { ...factsAfter(job, events), ...activity, ...touched(job, events, revision) }
}

/** Servers with Citus, which stays once it is there. */
const withCitus = new WeakSet<Database['orm']>()

/** Whether a server takes the statement of live points. One with Citus cannot plan it. */
export async function takesLivePoints(db: Database, tx: Tx): Promise<boolean> {
  if (withCitus.has(db.orm)) return false
  const [row] = await tx.execute<{ has_citus: boolean }>(sql`
    select exists (select from pg_extension where extname = 'citus') as has_citus`)
  if (row?.has_citus) withCitus.add(db.orm)
  return row?.has_citus === false
}

interface Write {
  before: LockedJob
  set: JobChanges
  row: TailRow & { attempt: number; length: number }
}

/**
 * One statement and one answer, because the time of a write is mostly the way to the server and back.
 * It writes nothing unless the job has the revision before, and the source its cursor. On Citus a
 * notification inside such a statement could be sent on a worker, so nothing is written there: it is
 * not sent to a server that is known to have Citus.
 */
async function write(
  db: Database,
  batch: LiveBatch,
  { before, set, row }: Write,
): Promise<boolean> {
  const parameters: unknown[] = []
  const value = (given: unknown, type: string): string => {
    return `$${parameters.push(given)}::${type}`
  }
  const array = (given: readonly unknown[], type: string) =>
    value(arrayText(given), `text::${type}`)
  const [job_id, revision] = [value(before.job_id, 'uuid'), before.revision + 1]
  const columns = changedColumns(before, set).map(([name, type, given]) => {
    return `"${name}" = ${value(given, `text::${type}`)}`
  })
  const notice = noticeOf(before.job_id, revision)
  const statement = `
    with job as materialized (
      select from training_jobs
      where job_id = ${job_id} and revision = ${value(before.revision, 'bigint')}
        and not exists (select from pg_extension where extname = 'citus')
      for update of training_jobs
    ), source as (
      update sources set cursor = ${value(batch.to, 'text')}, revision = ${value(revision, 'bigint')}
      where job_id = ${job_id} and source = ${value(batch.source, 'text')}
        and cursor = ${value(batch.from, 'text')} and exists (select from job)
      returning job_id
    ), points as (
      insert into series_tails
        (job_id, revision, attempt, length, names, steps, times, values)
      select job_id, ${value(revision, 'bigint')}, ${value(row.attempt, 'int')},
        ${value(row.length, 'int')}, ${array(row.names, 'text[]')}, ${array(row.steps, 'float8[]')},
        ${array(row.times, 'float8[]')}, ${array(row.values, 'float8[]')}
      from source
    ), written as (
      update training_jobs set ${columns.map((column) => `${column}, `).join('')}
        revision = ${value(revision, 'bigint')}, changed_at = ${value(before.now, 'float8')},
        board_revision = pg_current_xact_id()::text::bigint
      where job_id = (select job_id from source)
      returning 1
    )
    select pg_notify(${value(notice.channel, 'text')}, ${value(notice.payload, 'text')}),
      set_config('synchronous_commit', ${value(batch.relaxed ? 'off' : 'on', 'text')}, true)
    from written`
  // The driver prepares it once per set of changed columns.
  return (await db.sql.unsafe(statement, parameters as never[], { prepare: true })).length > 0
}

const COLUMNS = new Map(Object.entries(getTableColumns(trainingJobs)))

/** The columns that a write changes, with their types and values for the driver. */
function changedColumns(job: LockedJob, set: JobChanges): [string, string, unknown][] {
  return Object.entries(set).flatMap(([key, after]) => {
    const column = COLUMNS.get(key)
    if (!column || after === undefined || Object.is(ownValue(job, key), after)) return []
    const given: unknown = after === null ? null : column.mapToDriverValue(after)
    return [[column.name, column.getSQLType(), given]]
  })
}
