import type { TrainingEvent } from '@bestmark/core'
import {
  type Database,
  type JobOfFolder,
  readSeries,
  type SeriesName,
  seriesNames,
} from '@bestmark/db'
import { Failure, systemCode } from '../failure.ts'
import { isDriven } from '../processes/mark.ts'
import { readWhole } from '../sources/reader/source.ts'
import { openRun, sourcesIn } from '../sources/sources.ts'
import { folderId } from './folderId.ts'

/** Points of each series that are compared; its extremes are among them. */
const COMPARED = 2_000

/** A run's job, and the folder that is asked of. */
type Known = Pick<JobOfFolder, 'job_id' | 'folder_id'>

/**
 * Whether what lies in a folder is the run of a job: the folder is the same, or what can be read in
 * it has the numbers that were recorded. Null where nothing can be read of it yet.
 */
export async function isContinued(
  db: Database,
  { job_id, folder_id }: Known,
  root: string,
): Promise<boolean | null> {
  const now = await folderId(root)
  if (folder_id === null || now === null || now === folder_id) return true
  // A program that removes its folder as it starts is still the one that was started there.
  if (isDriven(root)) return true
  const names = await seriesNames(db, job_id)
  if (names.length === 0) return true
  const events = await eventsIn(root)
  return events && hasNumbersOf(await recorded(db, job_id, names), events)
}

/** Whether nothing was measured of a job yet, so that no other run can take it back. */
export async function isEmpty(db: Database, job_id: string): Promise<boolean> {
  return (await seriesNames(db, job_id)).length === 0
}

async function eventsIn(root: string): Promise<TrainingEvent[] | null> {
  try {
    const sources = await sourcesIn(root)
    if (sources.length === 0) return null
    const events = await readWhole(openRun(sources, { root, cursor: null, isOver: false }))
    return events.some(({ type }) => type === 'metrics' || type === 'evaluation') ? events : null
  } catch (error) {
    if (error instanceof Failure || systemCode(error) !== undefined) return null
    throw error
  }
}

/** The values that a name has at a step; a run that went back may have several. */
type Values = Map<string, Map<number, number>>

async function recorded(db: Database, job_id: string, names: SeriesName[]): Promise<Values> {
  const asked = { names: names.map(({ name }) => name), points: COMPARED }
  const values: Values = new Map()
  for (const { name, steps, values: own } of await readSeries(db, job_id, asked)) {
    const at = new Map<number, number>()
    steps.forEach((step, index) => at.set(step, own[index] ?? NaN))
    values.set(name, at)
  }
  return values
}

/** Whether most of what both measured is equal, in each series, and there is something. */
function hasNumbersOf(known: Values, events: readonly TrainingEvent[]): boolean {
  const equal = new Map<string, Map<number, boolean>>()
  for (const event of events) {
    if (event.type !== 'metrics' && event.type !== 'evaluation') continue
    for (const [name, value] of Object.entries(event.values)) {
      const before = known.get(name)?.get(event.step)
      if (before === undefined) continue
      const own = equal.get(name) ?? new Map<number, boolean>()
      // A step that was logged again has several values.
      own.set(event.step, own.get(event.step) === true || Object.is(value, before))
      equal.set(name, own)
    }
  }
  const shares = [...equal.values()].map((own) => {
    return [...own.values()].filter(Boolean).length / own.size
  })
  return shares.length > 0 && shares.every((share) => share > 1 / 2)
}
