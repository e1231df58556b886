import type { JobState, TrainingJobStatus } from '@bestmark/core'
import { and, count, eq, getTableColumns, ilike, inArray, or, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { type Curve, evalCurves } from '../series/curves.ts'
import { statusOf } from '../rows/job.ts'
import { Refused } from '../values/refused.ts'
import { settledRevision } from '../rows/boardRevision.ts'
import { liveRank, newestRank, trainingJobs } from '../schema.ts'
import { isRestorable } from './deletedJobs.ts'
import { storable } from '../values/storable.ts'

/** `current` has neither archived nor deleted jobs; `kept` has both current and archived ones. */
export const JOB_SHELVES = ['current', 'archived', 'deleted', 'kept'] as const
export type JobShelf = (typeof JOB_SHELVES)[number]

export interface JobQuery {
  /** `current` by default. Deleted jobs are listed as long as all of them is still recorded. */
  shelf?: JobShelf | undefined
  /** Jobs that have this tag. */
  tag?: string | undefined
  status?: readonly JobState[] | undefined
  project?: string | undefined
  /** A part of the name or project, or the beginning of an id. */
  search?: string | undefined
  /** `newest` (the default) lists running jobs first; `best` the lowest best_eval_loss. */
  sort?: 'newest' | 'name' | 'best' | undefined
  /** `next_cursor` of the previous page. */
  cursor?: string | null | undefined
  /** Jobs per page, 50 by default. */
  limit?: number | undefined
}

export interface JobPage {
  jobs: TrainingJobStatus[]
  curves: Record<string, Curve>
  next_cursor: string | null
  /** How many jobs match, on all pages. */
  total: number
  /** The revision of each job's row. */
  revisions: Record<string, number>
  /** A watch of every job continues from here. */
  board_revision: number
}

/** The pattern of a key of each SQL type. */
const KEYS = {
  int: /^[01]$/,
  float8: /^(-?\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,2})?|-?Infinity|NaN)$/,
  // NUL is the one character that Postgres refuses.
  text: /^[^\0]*$/s,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
}

/** The columns that order a list, all ascending and the last one unique, with their SQL types. */
const ORDERS: Record<NonNullable<JobQuery['sort']>, [SQL, keyof typeof KEYS][]> = {
  newest: [
    [liveRank, 'int'],
    [newestRank, 'float8'],
    [sql`job_id`, 'uuid'],
  ],
  name: [
    [sql`name`, 'text'],
    [sql`job_id`, 'uuid'],
  ],
  best: [
    [sql`coalesce(best_eval_loss, 'Infinity')`, 'float8'],
    [sql`job_id`, 'uuid'],
  ],
}

/**
 * One page of jobs with a small curve of each. A page begins after the last job of the previous
 * page, so new jobs move nothing. Throws Refused for an invalid cursor.
 */
export async function listJobs(db: Database, query: JobQuery = {}): Promise<JobPage> {
  const { sort = 'newest', limit = 50 } = query
  const order = ORDERS[sort]
  const matching = and(...filters(query))
  // Read before the rows, so that a watch from this revision misses no write.
  const [counted] = await db.orm
    .select({ total: count(), board_revision: settledRevision })
    .from(trainingJobs)
    .where(matching)
  const keys = sql.join(
    order.map(([key]) => sql`(${key})::text`),
    sql`, `,
  )
  const rows = await db.orm
    .select({ ...getTableColumns(trainingJobs), keys: sql<string[]>`jsonb_build_array(${keys})` })
    .from(trainingJobs)
    .where(and(matching, query.cursor ? after(query.cursor, sort) : undefined))
    .orderBy(...order.map(([key]) => key))
    .limit(limit + 1)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const next_cursor = rows.length > limit && last ? writeCursor(sort, last.keys) : null
  const curves = await evalCurves(
    db,
    page.map(({ job_id }) => job_id),
  )
  const jobs = page.map((row) => statusOf(row))
  const revisions = Object.fromEntries(page.map(({ job_id, revision }) => [job_id, revision]))
  const { total = 0, board_revision = 0 } = counted ?? {}
  return { jobs, curves, next_cursor, total, revisions, board_revision }
}

const SHELVES: Record<JobShelf, SQL> = {
  current: sql`archived_at is null and deleted_at is null`,
  archived: sql`archived_at is not null and deleted_at is null`,
  deleted: isRestorable,
  kept: sql`deleted_at is null`,
}

function filters({
  shelf = 'current',
  tag,
  status,
  project,
  search,
}: JobQuery): (SQL | undefined)[] {
  const { name, job_id } = trainingJobs
  const text = storable(search?.trim() ?? '').replace(/[\\%_]/g, '\\$&')
  return [
    SHELVES[shelf],
    tag === undefined ? undefined : sql`tags ? ${storable(tag)}`,
    status && status.length > 0 ? inArray(trainingJobs.status, [...status]) : undefined,
    project === undefined ? undefined : eq(trainingJobs.project, storable(project)),
    text
      ? or(
          ilike(name, `%${text}%`),
          ilike(trainingJobs.project, `%${text}%`),
          ilike(sql`${job_id}::text`, `${text}%`),
        )
      : undefined,
  ]
}

function after(cursor: string, sort: keyof typeof ORDERS): SQL {
  const order = ORDERS[sort]
  const values = readCursor(cursor, sort)
  const left = sql.join(
    order.map(([key]) => key),
    sql`, `,
  )
  const right = sql.join(
    order.map(([, type], index) => sql`${values[index]}::${sql.raw(type)}`),
    sql`, `,
  )
  return sql`(${left}) > (${right})`
}

function writeCursor(sort: string, keys: readonly string[]): string {
  return Buffer.from(JSON.stringify([sort, ...keys])).toString('base64url')
}

function readCursor(cursor: string, sort: keyof typeof ORDERS): string[] {
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const texts = Array.isArray(read) && read.every((text) => typeof text === 'string') ? read : []
    const [sorted, ...keys] = texts
    const order = ORDERS[sort]
    const fits = order.every(([, type], index) => KEYS[type].test(keys[index] ?? ''))
    if (sorted === sort && keys.length === order.length && fits) return keys
  } catch {
    // Any other text is not a cursor of this list.
  }
  throw new Refused('This page link is no longer valid. Go back to the first page.')
}
