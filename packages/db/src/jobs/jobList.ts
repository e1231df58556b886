import {
  type ColumnKey,
  type JobShelf,
  type JobState,
  readJobSearch,
  type TrainingJobStatus,
} from '@bestmark/core'
import {
  and,
  count,
  desc,
  eq,
  getTableColumns,
  ilike,
  inArray,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { type Curve, evalCurves } from '../series/curves.ts'
import { statusOf } from '../rows/job.ts'
import { Refused } from '../values/refused.ts'
import { boardNow } from '../rows/boardRevision.ts'
import { bestRank, liveRank, newestRank, trainingJobs } from '../schema.ts'
import { isRestorable } from './deletedJobs.ts'
import { cellsOf, columnOrder, type JobCells } from './jobColumns.ts'
import { storable } from '../values/storable.ts'
import { inSlurmJob, slurmFilters } from './slurmFilters.ts'

export interface JobQuery {
  /** `current` by default. Deleted jobs are listed as long as all of them is still recorded. */
  shelf?: JobShelf | undefined
  /** Jobs that have this tag. */
  tag?: string | undefined
  status?: readonly JobState[] | undefined
  project?: string | undefined
  /**
   * A part of the name or project, the beginning of an id, or the number of a Slurm job. The words
   * `partition:NAME`, `node:NAME` and `array:NUMBER` ask for jobs that trained there in Slurm.
   */
  search?: string | undefined
  /** `newest` (the default) lists running jobs first; `best` the lowest best_eval_loss. */
  sort?: 'newest' | 'name' | 'best' | ColumnKey | undefined
  /** Of a sort by a column: the highest first. */
  descending?: boolean | undefined
  /** Jobs of one project are next to each other, in the order of `sort`. */
  group?: 'project' | undefined
  /** Values to read with each job. */
  columns?: readonly ColumnKey[] | undefined
  /** `next_cursor` of the previous page. */
  cursor?: string | null | undefined
  /** Jobs per page, 50 by default. */
  limit?: number | undefined
}

export interface JobPage {
  jobs: TrainingJobStatus[]
  curves: Record<string, Curve>
  cells: JobCells
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

type Key = [SQL, keyof typeof KEYS]

/** The columns that order a list; the job's id makes them unique. */
const ORDERS: Record<'newest' | 'name' | 'best', Key[]> = {
  newest: [
    [liveRank, 'int'],
    [newestRank, 'float8'],
  ],
  name: [[sql`name`, 'text']],
  best: [[bestRank, 'float8']],
}

/** How a list is ordered: by keys that all ascend or all descend, within groups that ascend. */
interface Order {
  /** Tells the cursors of this order from those of others. */
  id: string
  group: Key[]
  keys: Key[]
  isDescending: boolean
}

function orderOf({ sort = 'newest', descending, group }: JobQuery): Order {
  const isColumn = sort.includes(':')
  const isDescending = isColumn && descending === true
  const keys = isColumn
    ? columnOrder(sort as ColumnKey, isDescending)
    : ORDERS[sort as keyof typeof ORDERS]
  return {
    id: [sort, ...(isDescending ? ['descending'] : []), ...(group ? [group] : [])].join(' '),
    group: group ? [[sql`project`, 'text']] : [],
    keys: [...keys, [sql`job_id`, 'uuid']],
    isDescending,
  }
}

/**
 * One page of jobs with a small curve of each. A page begins after the last job of the previous
 * page, so new jobs move nothing. Throws Refused for an invalid cursor.
 */
export async function listJobs(db: Database, query: JobQuery = {}): Promise<JobPage> {
  const { limit = 50, columns = [] } = query
  const order = orderOf(query)
  const all = [...order.group, ...order.keys]
  const matching = and(...(await filters(db, query)))
  // Read before the rows, so that a watch from this revision misses no write.
  const [{ settled: board_revision }, [counted]] = await Promise.all([
    boardNow(db.orm),
    db.orm.select({ total: count() }).from(trainingJobs).where(matching),
  ])
  const keys = sql.join(
    all.map(([key]) => sql`(${key})::text`),
    sql`, `,
  )
  const rows = await db.orm
    .select({ ...getTableColumns(trainingJobs), keys: sql<string[]>`jsonb_build_array(${keys})` })
    .from(trainingJobs)
    .where(and(matching, query.cursor ? after(query.cursor, order) : undefined))
    .orderBy(
      ...order.group.map(([key]) => key),
      ...order.keys.map(([key]) => (order.isDescending ? desc(key) : key)),
    )
    .limit(limit + 1)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const next_cursor = rows.length > limit && last ? writeCursor(order.id, last.keys) : null
  const curves = await evalCurves(
    db,
    page.map(({ job_id }) => job_id),
  )
  const cells = await cellsOf(db, page, columns)
  const jobs = page.map((row) => statusOf(row))
  const revisions = Object.fromEntries(page.map(({ job_id, revision }) => [job_id, revision]))
  const { total = 0 } = counted ?? {}
  return { jobs, curves, cells, next_cursor, total, revisions, board_revision }
}

const SHELVES: Record<JobShelf, SQL> = {
  current: sql`archived_at is null and deleted_at is null`,
  archived: sql`archived_at is not null and deleted_at is null`,
  deleted: isRestorable,
  kept: sql`deleted_at is null`,
}

async function filters(
  db: Database,
  { shelf = 'current', tag, status, project, search = '' }: JobQuery,
): Promise<(SQL | undefined)[]> {
  const { name, job_id } = trainingJobs
  const { text: words, slurm } = readJobSearch(storable(search))
  const text = words.replace(/[\\%_]/g, '\\$&')
  return [
    SHELVES[shelf],
    tag === undefined ? undefined : sql`tags ? ${storable(tag)}`,
    status && status.length > 0 ? inArray(trainingJobs.status, [...status]) : undefined,
    project === undefined ? undefined : eq(trainingJobs.project, storable(project)),
    ...(await slurmFilters(db, slurm)),
    text
      ? or(
          ilike(name, `%${text}%`),
          ilike(trainingJobs.project, `%${text}%`),
          ilike(sql`${job_id}::text`, `${text}%`),
          inSlurmJob(words),
        )
      : undefined,
  ]
}

function after(cursor: string, order: Order): SQL {
  const values = readCursor(cursor, order)
  const typed = ([, type]: Key, value: string | undefined): SQL =>
    sql`${value}::text::${sql.raw(type)}`
  const [groups, keys] = [values.slice(0, order.group.length), values.slice(order.group.length)]
  const left = sql.join(
    order.keys.map(([key]) => key),
    sql`, `,
  )
  const right = sql.join(
    order.keys.map((key, index) => typed(key, keys[index])),
    sql`, `,
  )
  const within = order.isDescending ? sql`(${left}) < (${right})` : sql`(${left}) > (${right})`
  const [group] = order.group
  if (!group) return within
  const at = typed(group, groups[0])
  return sql`(${group[0]} > ${at} or (${group[0]} = ${at} and ${within}))`
}

function writeCursor(id: string, keys: readonly string[]): string {
  return Buffer.from(JSON.stringify([id, ...keys])).toString('base64url')
}

function readCursor(cursor: string, order: Order): string[] {
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const texts = Array.isArray(read) && read.every((text) => typeof text === 'string') ? read : []
    const [id, ...keys] = texts
    const all = [...order.group, ...order.keys]
    const fits = all.every(([, type], index) => KEYS[type].test(keys[index] ?? ''))
    if (id === order.id && keys.length === all.length && fits) return keys
  } catch {
    // Any other text is not a cursor of this list.
  }
  throw new Refused('This page link is no longer valid. Go back to the first page.')
}
