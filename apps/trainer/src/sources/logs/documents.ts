import { basename, join } from 'node:path'
import {
  parsePythonJson,
  type TrainingEvent,
  admitAll,
  type Found,
  readerNote,
} from '@bestmark/core'
import { Listing } from '../../files/listing.ts'
import { textOfFile } from '../../files/runFile.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { endedEvent, startedEvent } from '../events/newEvents.ts'
import { savedEvents } from '../events/savedFiles.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'
import { emptyHistory, addToHistory } from '../weights/logHistory.ts'
import { claimEvents } from '../weights/claimEvents.ts'
import { readDeclaredMetric } from '../weights/declaredMetric.ts'
import { inferMetric } from '../weights/inferredMetric.ts'
import { findCandidates } from '../weights/savedWeights.ts'
import { measuresOf } from '../weights/skorchFacts.ts'
import { numberedValues } from '../weights/tableBase.ts'
import { boostedRecords } from './boostedDocument.ts'
import { reportRecords } from './checkpointReports.ts'
import { recordEvents, emptyCounts } from './counts.ts'
import { readRecord } from './jsonLines.ts'
import { saved as savedByLog } from './logs.ts'
import type { LogRecord } from './logRecord.ts'
import { statsRecords } from './parlaiStats.ts'

/** Larger files are data, not logs (bytes). */
const LARGEST = 4 << 20
const NAME = /\.(json|trainstats)$/i
/** A part of the names of metrics. */
const MEASURE = /loss|acc|f1|auc|map|iou|error|rmse|mae|ndcg|(?<![a-z])l[12](?![a-z\d])/i
/** A field with a metric. */
const KEY = new RegExp(`"[\\w /.@-]*(?:${MEASURE.source})[\\w /.@-]*"\\s*:`, 'i')

/** Common files that are not logs. */
const OTHER =
  /^(trainer_state|wandb-|config|package|tokenizer|vocab|dataset|adapter_config|generation_config|special_tokens|model)/

/** JSON files with records of epochs or steps: one file with a list, or one file per epoch. */
export const DOCUMENTS: Source = {
  name: 'documents',
  isHere: async (listing) => {
    const files = await documentFiles(listing)
    let count = 0
    for (const file of files) count += (await readRecords(listing, file)).length
    return count > 1
  },
  files: documentFiles,
  open: (options) => new WholeReader({ files: documentFiles, events: eventsIn }, options),
}

async function eventsIn({ root, isOver }: ReadOptions): Promise<TrainingEvent[]> {
  const listing = new Listing(root)
  const counts = emptyCounts(await numberedValues(listing))
  const found: Found[] = []
  for (const file of await documentFiles(listing)) {
    for (const reading of await readRecords(listing, file)) {
      found.push(...recordEvents(counts, reading, { file, line: null }))
    }
  }
  const events = admitAll(found, 'the log')
  const history = emptyHistory()
  addToHistory(history, events)
  const saved = await savedByLog(listing, counts, history)
  const { fields, totals, warnings } = readDeclaration(await readConfigurations(root))
  const isOpen = fields.metric_for_best === null
  const candidates = await findCandidates(listing)
  const kept = isOpen ? readDeclaredMetric(candidates, history) : undefined
  const inferred = isOpen && !kept ? inferMetric(history, saved, candidates) : undefined
  const declared = kept ?? (inferred && { ...inferred, metric_is_inferred: true })
  const known = { candidates, saved, history, isInferred: inferred !== undefined }
  const claims = await claimEvents(listing, counts.attempt, known)
  const begun = { ...fields, ...totals, ...declared }
  return admitAll(
    [
      startedEvent(begun),
      ...warnings.map((note) => readerNote(0, note)),
      ...events,
      ...(await savedEvents(root, saved, {}, counts)),
      ...claims,
      ...(isOver ? [endedEvent(counts.attempt, 'stopped')] : []),
    ],
    'the log',
  )
}

async function documentFiles(listing: Listing): Promise<string[]> {
  const logs: { name: string; rows: number }[] = []
  for (const name of listing.names()) {
    const isCandidate = NAME.test(name) && (isStats(name) || !OTHER.test(name))
    const rows = isCandidate ? (await readRecords(listing, name)).length : 0
    if (rows > 0) logs.push({ name, rows })
  }
  const patterns = Map.groupBy(logs, ({ name }) => pattern(name))
  const [most = []] = [...patterns.values()].sort(
    (a, b) => b.length - a.length || Number(b[0]?.rows) - Number(a[0]?.rows),
  )
  return most.map(({ name }) => name).sort((a, b) => numberIn(a) - numberIn(b))
}

async function readRecords(listing: Listing, file: string): Promise<LogRecord[]> {
  // Most JSON files have no metrics. Checking the first bytes avoids reading them.
  if (!KEY.test(await listing.head(file))) return []
  const text = await textOfFile(join(listing.root, file), LARGEST).catch(() => '')
  if (isStats(file)) return statsRecords(basename(file), objectIn(text)) ?? []
  return recordsInDocument(text).filter(({ metrics, evaluation }) => {
    return Object.keys({ ...metrics, ...evaluation }).some((name) => MEASURE.test(name))
  })
}

/** Whether a file has the statistics of ParlAI. */
function isStats(file: string): boolean {
  return file.endsWith('.trainstats')
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  const value = parseOrNothing(text)
  return isObject(value) ? value : {}
}

function pattern(name: string): string {
  return name.replace(/\d+/g, '#')
}

function numberIn(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0)
}

/**
 * The records in a JSON document: a list of records, an object with such a list, one record, or lists
 * of values by name, as in Keras' `History.history`, where the index is the epoch.
 */
function recordsInDocument(text: string): LogRecord[] {
  const value = parseOrNothing(text)
  if (Array.isArray(value)) return value.flatMap(recordOf)
  if (!isObject(value)) return []
  const columns =
    reportRecords(value) ??
    boostedRecords(value) ??
    columnsIn(value) ??
    Object.values(value)
      .filter(isObject)
      .flatMap((inner) => columnsIn(inner) ?? [])
  if (columns.length > 0) return columns
  const lists = Object.values(value)
    .filter(Array.isArray)
    .map((list) => list.flatMap(recordOf))
  const [longest = []] = lists.sort((a, b) => b.length - a.length)
  return longest.length > 0 ? longest : recordOf(value)
}

function recordOf(value: unknown): LogRecord[] {
  return isObject(value) ? [readRecord(measuresOf(value))].filter((one) => one !== undefined) : []
}

/** Records from columns of numbers of the same length; undefined if none is a loss or an accuracy. */
function columnsIn(value: Readonly<Record<string, unknown>>): LogRecord[] | undefined {
  const lists = Object.entries(value).flatMap(([name, column]): [string, unknown[]][] => {
    const values = valuesOf(column)
    return values ? [[name, values]] : []
  })
  const length = lists.find(([name]) => /loss|acc/i.test(name))?.[1].length ?? 0
  const columns = lists.filter(([, values]) => values.length === length)
  if (length === 0 || columns.length < 2) return undefined
  return Array.from({ length }, (_, at) => {
    const record = Object.fromEntries(columns.map(([name, values]) => [name, values[at]]))
    return readRecord({ epoch: at + 1, ...record })
  }).filter((one) => one !== undefined)
}

/** The numbers of a list, or of an object by index, as pandas writes a column. */
function valuesOf(column: unknown): unknown[] | undefined {
  const isByIndex = isObject(column) && Object.keys(column).every((key, at) => key === String(at))
  const values: unknown = isByIndex ? Object.values(column) : column
  if (!Array.isArray(values) || values.length === 0) return undefined
  // pandas writes NaN as null.
  const isNumber = (one: unknown) => typeof one === 'number' || (isByIndex && one === null)
  return values.every(isNumber) ? values : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseOrNothing(text: string): unknown {
  try {
    return parsePythonJson(text)
  } catch {
    return undefined
  }
}
