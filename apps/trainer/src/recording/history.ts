import type { TrainingEvent } from '@bestmark/core'
import { type Database, jobStatus, readSeries, seriesNames } from '@bestmark/db'
import { Failure, systemCode } from '../failure.ts'
import { Listing } from '../files/listing.ts'
import { RUN_OUTPUT } from '../sources/output/textLog.ts'
import { RUN_LOG } from '../sources/reader/mixedReader.ts'
import { readWhole, type Source } from '../sources/reader/source.ts'
import { openRun, findSources } from '../sources/sources.ts'

/** Points of each series that are compared; its extremes are among them. */
const COMPARED = 2_000
/** Values that a schedule sets are alike in runs that have nothing else in common. */
const SCHEDULED = /(^|[/_.-])(lr|learning_rate|momentum|epoch|step|weight_decay)([/_.-]|$)/i
/** A printed value has fewer digits than the same one in a table. */
const DIGITS = 4

/**
 * How the files in a folder relate to what is stored of a job: they hold the `same` history, or one
 * that begins after it (`later`), or `another`. They are `unknown` while nothing can be read there.
 */
export type HistoryMatch = 'same' | 'later' | 'another' | 'unknown'

/** A job, and the source by which its stored history was read. */
export interface StoredRun {
  job_id: string
  source: string
}

/** Compares the history in a folder with what is stored of a job. Reads all of the folder's run. */
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

/** Whether any value can be read in a folder. */
export async function hasMeasurements(root: string): Promise<boolean> {
  return (await measuredIn(root, '')) !== undefined
}

/** Whether nothing was measured of a job yet, so that no other run can take it back. */
export async function isJobEmpty(db: Database, job_id: string): Promise<boolean> {
  return (await storedNames(db, job_id)).length === 0
}

async function storedNames(db: Database, job_id: string): Promise<string[]> {
  const names = await seriesNames(db, job_id)
  return names.filter(({ kind }) => kind !== 'system').map(({ name }) => name)
}

/** The values of each series, as they are compared. */
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
      const known = measured.values.get(name) ?? new Set()
      measured.values.set(name, known.add(compared(value)))
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
 * The source that told the stored history, where it is still there: another one that came beside it
 * may count otherwise. The log of `bestmark run` goes on over several runs in its folder, so beside
 * others it is not compared.
 */
async function comparedSources(root: string, source: string): Promise<Source[]> {
  if (source === RUN_LOG && (await RUN_OUTPUT.isHere(new Listing(root)))) return [RUN_OUTPUT]
  const sources = await findSources(root)
  const stored = sources.filter(({ name }) => name === source)
  const own = sources.filter(({ name }) => name !== RUN_LOG)
  return [stored, own, sources].find((some) => some.length > 0) ?? []
}

/** The stored values up to a step, since files that were cut hold no later ones. */
async function storedValues(
  db: Database,
  job_id: string,
  names: string[],
  to_step: number,
): Promise<Values> {
  const series = await readSeries(db, job_id, { names, to_step, points: COMPARED })
  return new Map(series.map(({ name, values }) => [name, new Set([...values].map(compared))]))
}

function compared(value: number | null): string {
  return (value ?? NaN).toPrecision(DIGITS)
}

/** Whether most of the series that both have share most of their values. */
function isSame(stored: Values, measured: Values): boolean {
  const shared = [...stored].flatMap(([name, values]) => {
    const others = measured.get(name)
    return others && values.size > 0 ? [{ name, isAlike: isAlike(values, others) }] : []
  })
  const telling = shared.filter(({ name }) => !SCHEDULED.test(name))
  const judged = telling.length > 0 ? telling : shared
  return judged.filter(({ isAlike }) => isAlike).length > judged.length / 2
}

/** Either of the two may have been cut. */
function isAlike(some: Set<string>, others: Set<string>): boolean {
  const both = [...some].filter((value) => others.has(value)).length
  return both > Math.min(some.size, others.size) / 2
}
