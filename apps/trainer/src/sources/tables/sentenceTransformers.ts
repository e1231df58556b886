import { basename, join } from 'node:path'
import {
  type TrainingEvent,
  directionOf,
  type EventOf,
  type Measured,
  ownValue,
  setOwn,
  admitAll,
  readerNote,
  type ReaderNote,
} from '@bestmark/core'
import { Listing } from '../../files/listing.ts'
import { textIfReadable } from '../../files/runFile.ts'
import { noProgress } from '../events/attempts.ts'
import { endedEvent, measuredEvents, startedEvent } from '../events/newEvents.ts'
import { heldOutName, isHeldOut } from '../events/names.ts'
import { savedEvents, type SavedFile } from '../events/savedFiles.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'
import type { Candidate } from '../weights/candidate.ts'
import { listWeights } from '../weights/finder.ts'
import { joinWeights } from '../weights/join.ts'
import { addToHistory, emptyHistory, readWriteTimes } from '../weights/logHistory.ts'
import { findCandidates, sortSaved } from '../weights/savedWeights.ts'
import {
  type EvaluatorRow,
  findEpochLength,
  isEvaluatorTable,
  isWithinEpochs,
  readEvaluatorRows,
  stepOfRow,
} from './evaluatorRows.ts'

const FOLDERS = ['eval', '']
const TABLE = /_results\.csv$/
/** Larger tables are not read (bytes). */
const LARGEST = 8 << 20
/** The model in the root is the best one so far. Folders such as `1_Pooling` are its parts. */
const ROOT_MODEL = /^(model\.safetensors|pytorch_model\.bin)$/
const PART = /^\d+_[A-Z]\w*(\/|$)/

/** What each evaluator decides by: its value for the best of its similarity functions. */
const DECIDING = [/^[a-z-]+_spearman$/, /^[a-z]+_ap$/, /(^|-)MAP@\d+$/i, /^accuracy(_[a-z]+)?$/]

/** sentence-transformers: one table per evaluator in `eval`, the best model in the root. */
export const SENTENCE_TRANSFORMERS: Source = {
  name: 'sentence_transformers',
  isHere: async (listing) => (await tables(listing)).length > 0,
  files: tables,
  open: (options) => new WholeReader({ files: readFiles, events: eventsIn }, options),
}

/** The tables, and the weights: a checkpoint may be saved after the last row. */
async function readFiles(listing: Listing): Promise<string[]> {
  return [...(await tables(listing)), ...(await listWeights(listing)).map(({ file }) => file)]
}

async function tables(listing: Listing): Promise<string[]> {
  const found: string[] = []
  for (const folder of FOLDERS) {
    for (const name of listing.names(folder)) {
      const file = folder === '' ? name : `${folder}/${name}`
      if (TABLE.test(name) && isMeasured(await listing.head(file), file)) found.push(file)
    }
  }
  return found
}

function isMeasured(head: string, file: string): boolean {
  return isEvaluatorTable(head) && readEvaluatorRows(head, file).length > 0
}

async function eventsIn({ root, isOver }: ReadOptions): Promise<TrainingEvent[]> {
  const listing = new Listing(root)
  const files = await tables(listing)
  const rows = await rowsIn(root, files)
  const candidates = (await findCandidates(listing)).filter(({ found }) => !PART.test(found.path))
  const numbers = candidates.flatMap(({ found }) => found.hints.step ?? found.hints.number ?? [])
  const isWithin = isWithinEpochs(rows)
  const length = findEpochLength(rows, numbers)
  const measured = admitAll(
    evaluations(rows, { isWithin, length }, files.length > 1),
    files[0] ?? '',
  )
  const declared = decidingMetric(rows, files)
  const history = emptyHistory()
  addToHistory(history, measured)
  history.written = readWriteTimes(root, files)
  const hinted = candidates.map((one) => withHints(one, length !== null))
  const axis = { isEpochs: length === null, shift: 0 } as const
  const declares = { metric: declared?.metric_for_best ?? null, total_epochs: null }
  const saved = sortSaved(joinWeights(hinted, history, axis, declares).map(asRoot))
  const attempt = Math.max(0, ...rows.map((row) => row.attempt))
  const progress = { ...noProgress(), attempt, spans: history.last.map(spanTo) }
  const isGuessed = isWithin && length !== null && !length.isSure
  const fields = { ...declared, ...(length === null && { config: { step_unit: 'epoch' } }) }
  return [
    ...withStarts(measured, attempt, fields),
    ...(isGuessed ? [readerNote(attempt, lengthNote(length.steps))] : []),
    ...admitAll(await savedEvents(root, saved, {}, progress), 'the checkpoints'),
    ...(isOver ? [endedEvent(attempt, 'stopped')] : []),
  ]
}

async function rowsIn(root: string, files: readonly string[]): Promise<EvaluatorRow[]> {
  const rows: EvaluatorRow[] = []
  for (const file of files) {
    rows.push(...readEvaluatorRows(await textIfReadable(join(root, file), LARGEST), file))
  }
  return rows
}

/** The evaluations of all tables, in the order of training. */
function evaluations(
  rows: readonly EvaluatorRow[],
  counting: Parameters<typeof stepOfRow>[1],
  isSeveral: boolean,
): TrainingEvent[] {
  return rows
    .map((row) => ({ row, at: stepOfRow(row, counting) }))
    .sort((a, b) => a.row.attempt - b.row.attempt || a.at.step - b.at.step)
    .flatMap(({ row, at }) => {
      const values = { metrics: {}, evaluation: namedValues(row, isSeveral) }
      const origin = { file: row.file, line: row.line }
      return measuredEvents({ attempt: row.attempt, ...at }, values, origin)
    })
}

/** Puts the start of each attempt before its first evaluation. */
function withStarts(
  measured: readonly TrainingEvent[],
  last: number,
  fields: Partial<EventOf<'started'>>,
): TrainingEvent[] {
  return Array.from({ length: last + 1 }, (_, attempt) => [
    startedEvent({ ...fields, attempt }),
    ...measured.filter((event) => event.attempt === attempt),
  ]).flat()
}

function spanTo(last: number): [number, number] {
  return [0, last]
}

function lengthNote(steps: number): ReaderNote {
  const text = `The files do not show how many steps an epoch has. Steps are counted as if it had ${steps}, the fewest possible number`
  return { code: 'epoch_length_guessed', text }
}

/** Values by their names, with the evaluator's name if there are several. */
function namedValues({ file, values }: EvaluatorRow, isSeveral: boolean): Record<string, Measured> {
  const named: Record<string, Measured> = {}
  for (const [name, value] of Object.entries(values)) {
    setOwn(named, metricName(file, name, isSeveral), value)
  }
  const deciding = decidingNames(Object.keys(values))
  const numbers = deciding.flatMap((name) => {
    const value = ownValue(values, name)
    return typeof value === 'number' ? [value] : []
  })
  if (numbers.length > 1) {
    setOwn(named, metricName(file, bestName(deciding), isSeveral), Math.max(...numbers))
  }
  return named
}

function metricName(file: string, name: string, isSeveral: boolean): string {
  const evaluator = isSeveral ? `${basename(file).replace(TABLE, '')}/` : ''
  const whole = `${evaluator}${name}`
  return heldOutName(isHeldOut(whole) && !isSeveral ? whole : `eval_${whole}`)
}

/** The columns by which an evaluator decides: one per similarity function. */
function decidingNames(names: readonly string[]): string[] {
  for (const pattern of DECIDING) {
    const found = names.filter((name) => pattern.test(name))
    if (found.length > 0) return found
  }
  return []
}

/** `spearman_max` for `cosine_spearman` and others. */
function bestName(names: readonly string[]): string {
  const kind = /spearman|ap|accuracy|map@\d+/i.exec(names[0] ?? '')?.[0] ?? 'score'
  return `${kind.toLowerCase()}_max`
}

/** The metric of the only evaluator. Of several evaluators the program names none. */
function decidingMetric(rows: readonly EvaluatorRow[], files: readonly string[]) {
  const names = decidingNames(Object.keys(rows[0]?.values ?? {}))
  const [only] = names
  if (only === undefined || files.length > 1) return undefined
  const metric = metricName('', names.length > 1 ? bestName(names) : only, false)
  const declared_by = `sentence-transformers' evaluator, which keeps the model with the best ${metric}`
  const direction = directionOf(metric) ?? ('max' as const)
  return { metric_for_best: metric, direction, declared_by, metric_is_inferred: true }
}

/** What the names say: the model in the root is the best one, and numbers count steps. */
function withHints(one: Candidate, isSteps: boolean): Candidate {
  const { hints, path } = one.found
  const role = ROOT_MODEL.test(path) ? ('best' as const) : hints.role
  const step = isSteps ? (hints.step ?? hints.number) : hints.step
  return { ...one, found: { ...one.found, hints: { ...hints, role, step } } }
}

/** The model in the root is the whole folder. */
function asRoot(one: SavedFile): SavedFile {
  return ROOT_MODEL.test(one.path) ? { ...one, path: '.' } : one
}
