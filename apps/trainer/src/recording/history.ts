import type { TrainingEvent } from '@bestmark/core'
import {
  type Database,
  jobDetail,
  jobStatus,
  ownEvaluations,
  readSeries,
  seriesNames,
} from '@bestmark/db'
import { Failure, systemCode } from '../failure.ts'
import { Listing } from '../files/listing.ts'
import { ERRORS, OUTPUT } from '../sources/output/runOutput.ts'
import { RUN_OUTPUT } from '../sources/output/textLog.ts'
import { RUN_LOG } from '../sources/reader/mixedReader.ts'
import { readWhole, type Source } from '../sources/reader/source.ts'
import { openRun, findSources } from '../sources/sources.ts'
import {
  pointsOfEvents,
  pointsOfRows,
  pointsOfSeries,
  isScheduled,
  rounded,
} from './historyPoints.ts'
import { relate, type Relation } from './relation.ts'

/** How many points of each series are compared, including its extremes. */
const COMPARED = 2_000
/**
 * How the files in a folder relate to the stored history of a job: they hold `all` of it, a part of it
 * (`shorter`), a `further` part, or `another` history. `isExact` is false if only most values were
 * compared. `unknown` while nothing can be read there.
 */
export type HistoryMatch = (
  { kind: 'all'; isExact: boolean } | Exclude<Relation, { kind: 'all' }> | { kind: 'unknown' }
) & {
  /** The events in the folder. */
  events: readonly TrainingEvent[]
}

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
  if (names.length === 0) return { kind: 'all', isExact: false, events: [] }
  const { events, files } = await eventsIn(root, source)
  const measured = measuredIn(events)
  if (!measured) return { kind: 'unknown', events }
  const { current_step } = (await jobStatus(db, job_id)) ?? {}
  const { attempt = 0 } = (await jobDetail(db, job_id)) ?? {}
  if (measured.first > (current_step ?? Infinity)) return { kind: 'further', branch: null, events }
  const own = (await ownEvaluations(db, job_id)).filter(({ origin_file }) => {
    return files === 'all' || !isOutput(origin_file)
  })
  const evaluations = pointsOfEvents(events.filter(({ type }) => type === 'evaluation'))
  const relation =
    relate(pointsOfRows(own), evaluations, attempt) ??
    (await relateTraining(db, job_id, { names, events, attempt }))
  if (relation)
    return relation.kind === 'all'
      ? { ...relation, isExact: true, events }
      : { ...relation, events }
  const stored = await storedValues(db, job_id, names, measured.last)
  if (isSame(stored, measured.values)) return { kind: 'all', isExact: false, events }
  return { kind: 'another', events }
}

/** Compares the training values, if there are few enough to read them all. */
async function relateTraining(
  db: Database,
  job_id: string,
  {
    names,
    events,
    attempt,
  }: { names: string[]; events: readonly TrainingEvent[]; attempt: number },
): Promise<Relation | undefined> {
  const series = await readSeries(db, job_id, { names, points: COMPARED })
  if (series.some(({ count }) => count > COMPARED / 2)) return undefined
  const found = pointsOfEvents(events)
  return relate(pointsOfSeries(series, attempt), found, attempt)
}

/** Whether a folder has any readable value. */
export async function hasMeasurements(root: string): Promise<boolean> {
  return measuredIn((await eventsIn(root, '')).events) !== undefined
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

function measuredIn(events: readonly TrainingEvent[]): Measured | undefined {
  const measured: Measured = { values: new Map(), first: Infinity, last: -Infinity }
  for (const event of events) {
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

/** The events of a folder, and whether they are those of all files that a recorder reads. */
interface FolderEvents {
  events: TrainingEvent[]
  files: 'all' | 'without output'
}

async function eventsIn(root: string, source: string): Promise<FolderEvents> {
  try {
    const { sources, files } = await comparedSources(root, source)
    if (sources.length === 0) return { events: [], files }
    const events = await readWhole(openRun(sources, { root, cursor: null, isOver: false }))
    return { events, files }
  } catch (error) {
    if (error instanceof Failure || systemCode(error) !== undefined)
      return { events: [], files: 'all' }
    throw error
  }
}

/**
 * The sources of the stored history if the first one still exists, because another one may count
 * steps differently. The log of `bestmark run` covers several runs, so it is compared only without
 * others.
 */
async function comparedSources(
  root: string,
  source: string,
): Promise<{ sources: Source[]; files: FolderEvents['files'] }> {
  if (source === RUN_LOG && (await RUN_OUTPUT.isHere(new Listing(root))))
    return { sources: [RUN_OUTPUT], files: 'all' }
  const sources = await findSources(root)
  const others = sources.filter(({ name }) => name !== RUN_LOG)
  const stored = sources.filter(({ name }) => name === source)
  const isFirst = others[0]?.name === source
  const found = [isFirst ? others : stored, others, sources].find((some) => some.length > 0) ?? []
  return { sources: found, files: found.includes(RUN_OUTPUT) ? 'all' : 'without output' }
}

function isOutput(file: string | null): boolean {
  return file === OUTPUT || file === ERRORS
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

/** Whether most of the common series have mostly equal values. */
function isSame(stored: Values, measured: Values): boolean {
  const shared = [...stored].flatMap(([name, values]) => {
    const others = measured.get(name)
    return others && values.size > 0 ? [{ name, isAlike: isAlike(values, others) }] : []
  })
  const unscheduled = shared.filter(({ name }) => !isScheduled(name))
  const compared = unscheduled.length > 0 ? unscheduled : shared
  return compared.filter(({ isAlike }) => isAlike).length > compared.length / 2
}

/** Whether two sets share most values of the smaller one, because either may be shortened. */
function isAlike(some: Set<string>, others: Set<string>): boolean {
  const both = [...some].filter((value) => others.has(value)).length
  return both > Math.min(some.size, others.size) / 2
}
