import { join } from 'node:path'
import { type Direction, type TrainingEvent, setOwn, admitAll, type Found } from '@bestmark/core'
import { numberIn } from '../../files/csv.ts'
import { Listing } from '../../files/listing.ts'
import { textOfFile } from '../../files/runFile.ts'
import { advance, noProgress, type Progress } from '../events/attempts.ts'
import { endedEvent, measuredEvents, startedEvent, type Values } from '../events/newEvents.ts'
import { savedEvents } from '../events/savedFiles.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'
import { listWeights } from '../weights/finder.ts'
import { addToHistory, emptyHistory } from '../weights/logHistory.ts'
import { findSavedWeights } from '../weights/savedWeights.ts'

const CONFIG = 'params.json'
/** A row of a table without a head: epoch, step and value. */
const ROW = /^(\d{1,9}),(\d{1,15}),([^,\s]+)$/
/** The usual names of the mean return in an environment: offline, and online. */
const RETURNS = ['environment', 'evaluation']

/** The log of d3rlpy: a table without a head per metric, which its file name tells. */
export const D3RLPY: Source = {
  name: 'd3rlpy',
  isHere: async (listing) => (await tablesIn(listing)).length > 0,
  files: tablesIn,
  open: (options) => new WholeReader({ files: readFiles, events: eventsIn }, options),
}

async function tablesIn(listing: Listing): Promise<string[]> {
  if (!listing.names().includes(CONFIG)) return []
  if (!(await listing.head(CONFIG)).includes('"observation_shape"')) return []
  return listing.files(/\.csv$/, (head) => ROW.test(head.split(/\r?\n/, 1)[0] ?? ''))
}

async function readFiles(listing: Listing): Promise<string[]> {
  return [...(await tablesIn(listing)), ...(await listWeights(listing)).map(({ file }) => file)]
}

async function eventsIn({ root, isOver }: ReadOptions): Promise<TrainingEvent[]> {
  const listing = new Listing(root)
  const files = await tablesIn(listing)
  const rows = (await Promise.all(files.map((file) => rowsIn(root, file)))).flat()
  const metric = RETURNS.find((name) => files.includes(`${name}.csv`)) ?? null
  const declared = metric === null ? {} : inferredFrom(metric)
  const progress = noProgress()
  const measured = admitAll(eventsOf(rows, { progress, declared }), 'the tables')
  const history = emptyHistory()
  addToHistory(history, measured)
  const declares = { metric, total_epochs: null }
  const saved = await findSavedWeights(listing, history, { isEpochs: false, shift: 0 }, declares)
  const events = [
    startedEvent(declared),
    ...measured,
    ...(await savedEvents(root, saved, {}, progress)),
    ...(isOver ? [endedEvent(progress.attempt, 'stopped')] : []),
  ]
  return admitAll(events, 'the tables')
}

function inferredFrom(metric: string) {
  const declared_by = `${metric}.csv, the mean return in the environment`
  return {
    metric_for_best: metric,
    direction: 'max',
    declared_by,
    metric_is_inferred: true,
  } as const
}

/** A row of one table. */
interface Row {
  name: string
  line: number
  attempt: number
  epoch: number
  step: number
  value: number
}

async function rowsIn(root: string, file: string): Promise<Row[]> {
  const state = noProgress()
  const lines = (await textOfFile(join(root, file))).split(/\r?\n/)
  return lines.flatMap((text, index): Row[] => {
    const [, epoch, step, value] = ROW.exec(text) ?? []
    const number = numberIn(value)
    if (number === undefined) return []
    const at = { epoch: Number(epoch), step: Number(step) }
    // A second training appends to the same tables.
    advance(state, at.step)
    const { attempt } = state
    return [{ name: file.replace(/\.csv$/, ''), line: index + 1, attempt, ...at, value: number }]
  })
}

/** The rows of all tables by attempt and step. */
function eventsOf(
  rows: readonly Row[],
  { progress, declared }: { progress: Progress; declared: object },
): Found[] {
  const sorted = rows.toSorted((a, b) => a.attempt - b.attempt || a.step - b.step)
  const groups = Map.groupBy(sorted, ({ attempt, step }) => `${attempt} ${step}`)
  return [...groups.values()].flatMap((group): Found[] => {
    const [first] = group
    if (!first) return []
    const again = advance(progress, first.step, first.step)
    const { attempt } = progress
    const [metrics, evaluation]: [Values, Values] = [{}, {}]
    for (const { name, value } of group) {
      setOwn(RETURNS.includes(name) ? evaluation : metrics, name, value)
    }
    const origin = group.find(({ name }) => RETURNS.includes(name)) ?? first
    const at = { attempt, step: first.step, epoch: first.epoch }
    const from = { file: `${origin.name}.csv`, line: origin.line }
    const measured = measuredEvents(at, { metrics, evaluation }, from).map(withDirections)
    return again ? [{ ...again, ...declared }, ...measured] : measured
  })
}

/** A return is better if it is higher, whatever its name is. */
function withDirections(event: TrainingEvent): TrainingEvent {
  if (event.type !== 'evaluation') return event
  const directions = Object.keys(event.values).map((name): [string, Direction] => [name, 'max'])
  return { ...event, directions: Object.fromEntries(directions) }
}
