import {
  byName,
  type ColumnKey,
  type ColumnKind,
  type Direction,
  directionOf,
  ownValue,
  setOwn,
  configOptions,
} from '@bestmark/core'
import { and, eq, inArray, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { configOf } from '../rows/job.ts'
import { evaluations, type JobRow, trainingJobs } from '../schema.ts'
import { storable } from '../values/storable.ts'

/** A column of the list: the best or last value of a metric, or a value of the configuration. */
interface JobColumn {
  kind: ColumnKind
  /** A metric, or an option by its path: `optimizer.lr`. */
  name: string
}

/** A column that some jobs have. */
export interface ColumnChoice {
  column: ColumnKey
  /** Whether the jobs differ in it. */
  differs: boolean
}

/** The value of each column by job. */
export type JobCells = Record<string, Record<string, unknown>>

function columnOf(key: ColumnKey): JobColumn {
  const [kind, ...rest] = key.split(':')
  const name = storable(rest.join(':'))
  return { kind: kind === 'best' || kind === 'last' ? kind : 'config', name }
}

/** What one metric came to in one job, over all attempts, as in a comparison. */
interface Figures {
  job_id: string
  metric: string
  min: number | null
  max: number | null
  last: number | null
}

/** The values of some columns of some jobs. */
export async function cellsOf(
  db: Database,
  jobs: readonly JobRow[],
  columns: readonly ColumnKey[],
): Promise<JobCells> {
  const cells: JobCells = {}
  if (columns.length === 0) return cells
  const parsed = columns.map((key) => ({ key, ...columnOf(key) }))
  const metrics = parsed.filter(({ kind }) => kind !== 'config').map(({ name }) => name)
  const figures = await figuresOf(
    db,
    jobs.map(({ job_id }) => job_id),
    metrics,
  )
  const byMetric = new Map(figures.map((one) => [JSON.stringify([one.job_id, one.metric]), one]))
  for (const job of jobs) {
    const options = new Map(optionsOf(job).map(({ name, value }) => [name, value]))
    const values: Record<string, unknown> = {}
    for (const { key, kind, name } of parsed) {
      const found = byMetric.get(JSON.stringify([job.job_id, name]))
      const value = kind === 'config' ? options.get(name) : found && figureOf(job, found, kind)
      if (value !== undefined && value !== null) setOwn(values, key, value)
    }
    setOwn(cells, job.job_id, values)
  }
  return cells
}

/** The columns that some jobs have: those in which they differ first, options before metrics. */
export async function columnChoices(
  db: Database,
  job_ids: readonly string[],
): Promise<ColumnChoice[]> {
  const ids = [...job_ids]
  const jobs = await db.orm.select().from(trainingJobs).where(inArray(trainingJobs.job_id, ids))
  const values = new Map<ColumnKey, string[]>()
  const add = (key: ColumnKey, value: unknown): void => {
    const texts = values.get(key) ?? []
    texts.push(JSON.stringify(value) ?? '')
    values.set(key, texts)
  }
  for (const job of jobs) {
    for (const { name, value } of optionsOf(job)) add(`config:${name}`, value)
  }
  const byId = new Map(jobs.map((job) => [job.job_id, job]))
  for (const found of await figuresOf(db, ids)) {
    const job = byId.get(found.job_id)
    const best = job && figureOf(job, found, 'best')
    if (best !== undefined && best !== null) add(`best:${found.metric}`, best)
    add(`last:${found.metric}`, found.last)
  }
  const choices = [...values].map(([column, texts]): ColumnChoice => {
    return { column, differs: texts.length < jobs.length || new Set(texts).size > 1 }
  })
  const order = (one: ColumnChoice): number =>
    (one.differs ? 0 : 3) + ['config', 'best', 'last'].indexOf(columnOf(one.column).kind)
  return choices.sort((a, b) => order(a) - order(b) || byName(a.column, b.column))
}

function optionsOf(job: JobRow) {
  return configOptions(configOf(job))
}

function figureOf(job: JobRow, found: Figures, kind: 'best' | 'last'): number | null {
  if (kind === 'last') return found.last
  const direction = directionFor(job, found.metric)
  return direction === undefined ? null : found[direction]
}

function directionFor({ metric_directions }: JobRow, metric: string): Direction | undefined {
  return ownValue(metric_directions, metric) ?? directionOf(metric)
}

const isFinite = sql`${evaluations.value} not in ('NaN', 'Infinity', '-Infinity')`
const { value, step, attempt } = evaluations
const MIN = sql<number | null>`min(${value}) filter (where ${isFinite})`
const MAX = sql<number | null>`max(${value}) filter (where ${isFinite})`
const LAST = sql<number | null>`(array_agg(${value} order by ${step} desc, ${attempt} desc))[1]`

async function figuresOf(
  { orm }: Database,
  job_ids: readonly string[],
  metrics?: readonly string[],
): Promise<Figures[]> {
  if (job_ids.length === 0 || metrics?.length === 0) return []
  const { job_id, metric, repeat } = evaluations
  return orm
    .select({ job_id, metric, min: MIN, max: MAX, last: LAST })
    .from(evaluations)
    .where(
      and(
        inArray(job_id, [...job_ids]),
        metrics && inArray(metric, [...metrics]),
        eq(repeat, 0),
        isNotNull(value),
      ),
    )
    .groupBy(job_id, metric)
}

/** The keys that order jobs by a column; jobs without a value come last in both directions. */
export function columnOrder(
  key: ColumnKey,
  isDescending: boolean,
): [SQL, 'int' | 'float8' | 'text'][] {
  const column = columnOf(key)
  const { number, text } = column.kind === 'config' ? configKeys(column) : figureKeys(column)
  const isMissing = sql`((${number}) is null and (${text}) is null)`
  const end = isDescending ? '-Infinity' : 'Infinity'
  return [
    [sql`(${isMissing} <> ${isDescending})::int`, 'int'],
    [sql`coalesce(${number}, ${end}::float8)`, 'float8'],
    [sql`coalesce(${text}, '')`, 'text'],
  ]
}

function figureKeys({ kind, name }: JobColumn): { number: SQL; text: SQL } {
  const rows = sql`from ${evaluations} where ${evaluations.job_id} = training_jobs.job_id
    and ${evaluations.metric} = ${name} and ${evaluations.repeat} = 0 and ${value} is not null`
  const direction = sql`coalesce(metric_directions ->> ${name}, ${directionOf(name) ?? null}::text)`
  const best = sql`case ${direction} when 'min' then ${MIN} when 'max' then ${MAX} end`
  return { number: sql`(select ${kind === 'last' ? LAST : best} ${rows})`, text: sql`null::text` }
}

/** An option is a key of its own, or a path through objects. */
function configKeys({ name }: JobColumn): { number: SQL; text: SQL } {
  const config = sql`(setup_config || config)`
  const path = sql.param(name.split('.'))
  const found = sql`coalesce(${config} -> ${name}, ${config} #> ${path}::text[])`
  const isNumber = sql`jsonb_typeof(${found}) = 'number'`
  const number = sql`case when ${isNumber} then (${found})::text::float8 end`
  return { number, text: sql`case when not ${isNumber} then (${found}) #>> '{}' end` }
}
