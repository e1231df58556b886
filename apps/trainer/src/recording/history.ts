import type { TrainingEvent } from '@bestmark/core'
import { type Database, jobStatus, readSeries, seriesNames } from '@bestmark/db'
import { Failure, systemCode } from '../failure.ts'
import { Listing } from '../files/listing.ts'
import { RUN_OUTPUT } from '../sources/output/textLog.ts'
import { RUN_LOG } from '../sources/reader/mixedReader.ts'
import { readWhole, type Source } from '../sources/reader/source.ts'
import { openRun, findSources } from '../sources/sources.ts'

/** How many points of each series are compared, including its extremes. */
const COMPARED = 2_000
/** A schedule sets these values, so they are equal in different runs. */
const SCHEDULED = /(^|[/_.-])(lr|learning_rate|momentum|epoch|step|weight_decay)([/_.-]|$)/i
/** Significant digits that are compared, because printed values have fewer digits than tables. */
const DIGITS = 4

/**
 * How the files in a folder relate to the stored history of a job: they hold the `same` history, one
 * that begins after it (`later`), or `another` one. `unknown` while nothing can be read there.
 */
export type HistoryMatch = 'same' | 'later' | 'another' | 'unknown'

/** A job, and the source of its stored history. */
export interface StoredRun {
  job_id: string
  source: string
}

/** Compares the history in a folder with the stored history of a job. Reads the folder's whole run. */
export async function compareHistory(
  db: Database,
  { job_id, source }: StoredRun,
  root: string,
): Promise<HistoryMatch> {
  const names = await storedNames(db, job_id)
  if (names.length === 0) return 'same'
  const measured = await measuredIn(root, source)
  if (!measured) return 'unknown'
  const { current_step } = (await jobStatus(db, job_id)) ?? {}
  if (measured.first > (current_step ?? Infinity)) return 'later'
  const stored = await storedValues(db, job_id, names, measured.last)
  return isSame(stored, measured.values) ? 'same' : 'another'
}

/** Whether a folder has any readable value. */
export async function hasMeasurements(root: string): Promise<boolean> {
  return (await measuredIn(root, '')) !== undefined
}

/** Whether a job has no values yet, so that no other run can replace them. */
export async function isJobEmpty(db: Database, job_id: string): Promise<boolean> {
  return (await storedNames(db, job_id)).length === 0
}

async function storedNames(db: Database, job_id: string): Promise<string[]> {
  const names = await seriesNames(db, job_id)
  return names.filter(({ kind }) => kind !== 'system').map(({ name }) => name)
}

/** The rounded values of each series. */
type Values = Map<string, Set<string>>

interface Measured {
  values: Values
  /** The first and the last step that has a value. */
  first: number
  last: number
}

async function measuredIn(root: string, source: string): Promise<Measured | undefined> {
  const measured: Measured = { values: new Map(), first: Infinity, last: -Infinity }
  for (const event of await eventsIn(root, source)) {
    if (event.type !== 'metrics' && event.type !== 'evaluation') continue
    measured.first = Math.min(measured.first, event.step)
    measured.last = Math.max(measured.last, event.step)
    for (const [name, value] of Object.entries(event.values)) {
      const values = measured.values.get(name) ?? new Set()
      measured.values.set(name, values.add(rounded(value)))
    }
  }
  return measured.values.size > 0 ? measured : undefined
}

async function eventsIn(root: string, source: string): Promise<TrainingEvent[]> {
  try {
    const sources = await comparedSources(root, source)
    if (sources.length === 0) return []
    return await readWhole(openRun(sources, { root, cursor: null, isOver: false }))
  } catch (error) {
    if (error instanceof Failure || systemCode(error) !== undefined) return []
    throw error
  }
}

/**
 * The source of the stored history if it still exists, because another source may count steps
 * differently. The log of `bestmark run` covers several runs, so it is compared only without others.
 */
async function comparedSources(root: string, source: string): Promise<Source[]> {
  if (source === RUN_LOG && (await RUN_OUTPUT.isHere(new Listing(root)))) return [RUN_OUTPUT]
  const sources = await findSources(root)
  const stored = sources.filter(({ name }) => name === source)
  const others = sources.filter(({ name }) => name !== RUN_LOG)
  return [stored, others, sources].find((some) => some.length > 0) ?? []
}

/** The stored values up to a step, because shortened files have no later values. */
async function storedValues(
  db: Database,
  job_id: string,
  names: string[],
  to_step: number,
): Promise<Values> {
  const series = await readSeries(db, job_id, { names, to_step, points: COMPARED })
  return new Map(series.map(({ name, values }) => [name, new Set([...values].map(rounded))]))
}

function rounded(value: number | null): string {
  return (value ?? NaN).toPrecision(DIGITS)
}

/** Whether most of the common series have mostly equal values. */
function isSame(stored: Values, measured: Values): boolean {
  const shared = [...stored].flatMap(([name, values]) => {
    const others = measured.get(name)
    return others && values.size > 0 ? [{ name, isAlike: isAlike(values, others) }] : []
  })
  const unscheduled = shared.filter(({ name }) => !SCHEDULED.test(name))
  const compared = unscheduled.length > 0 ? unscheduled : shared
  return compared.filter(({ isAlike }) => isAlike).length > compared.length / 2
}

/** Whether two sets share most values of the smaller one, because either may be shortened. */
function isAlike(some: Set<string>, others: Set<string>): boolean {
  const both = [...some].filter((value) => others.has(value)).length
  return both > Math.min(some.size, others.size) / 2
}
