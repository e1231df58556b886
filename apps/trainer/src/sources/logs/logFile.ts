import { basename, dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { directionOf } from '@bestmark/core'
import { linesOf } from '../../files/lineEnds.ts'
import type { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import { isOfRunBelow, isPartName } from '../partNames.ts'
import { findSiblingLogs, findSiblingWeights } from '../siblingFolders.ts'
import { findWandbBeside } from '../trackers/wandbFolder.ts'
import { findWeights, isMarkedRun, listWeights } from '../weights/finder.ts'
import { readJsonLine } from './jsonLines.ts'
import { groupLogs } from './logParts.ts'
import type { LogKind, LogRecord } from './logRecord.ts'
import { emptySection, endSection, readTextLines } from './sections.ts'
import { applyFileSplit, applyTextSplit, withoutSplit } from './splitFile.ts'
import { findTableHead, readTableRow } from './table.ts'
import { isWithinEpoch } from './withinEpoch.ts'

/** icefall names its logs `log-train-2026-11-26-10-00-00`, and Sockeye has a file `metrics`. */
const CANDIDATE = /\.(csv|tsv|log|txt|out|json|jsonl|ndjson)(\.gz)?$|^log-\w+(-\d+)+$|^metrics$/i
/** Common files that are not logs. */
const OTHER =
  /^(bestmark|wandb-|requirements|readme|license|vocab|merges|config|args|hparams|labels|classes|tokenizer|special_tokens|generation_config|adapter_config|model\.safetensors|package|dataset|latest|\.)[\w.-]*\.(json|txt)$|^(train|test|dev|val|valid)\.(json|txt|csv|tsv)$|^times\.tsv$|^metrics_initialization\.csv$|^bestmark|^README|stderr|\.(index|csv)\.(json|txt)$/i
/** Files with such names are checked first. */
const LIKELY = /metric|log|history|result|summary|progress|output/i
const MOST_CANDIDATES = 16
/** A link in a folder of weights to the folder of their logs, made by --checkpoints. */
export const LINKED_LOGS = 'bestmark-logs'
/** Folders below a run's root that may hold its logs. */
const LOG_FOLDERS =
  /^((\w+_)?logs?|metrics|results|csv|tensorboard|version_\d+|runs|outputs?|\d{4}-?\d\d-?\d\d[\w-]*|train|val|valid|validation|dev|test|\w*_no_trainer|tensorboard_log|catboost_info|bestmark-logs)$/i
const DEEPEST = 3
const FEWEST_TEXT = 2
/** CycleGAN's `loss_log.txt` has losses under other names. */
const LOSS_FILE = /(^|\/)loss\w*\.\w+$/
/** The form of a log is clear after this many lines. */
const MOST_LINES = 400

/** A log file. */
export interface LogFile {
  file: string
  kind: LogKind
  /** Whether it has held-out metrics. */
  isMeasured: boolean
  /** Whether its steps restart in each epoch, so they are batches. */
  isWithinEpoch: boolean
}

/**
 * The files of a run's log: those with the most detailed form in its root, else in log folders below
 * it, if the root holds weights.
 */
export async function findLogFiles(listing: Listing): Promise<LogFile[]> {
  const [first] = await findLogTrainings(listing)
  return first ?? []
}

/** The log files of each training in a folder; the first one has the folder's weights. */
export async function findLogTrainings(listing: Listing): Promise<LogFile[][]> {
  const here = await findLogsIn(listing, '')
  // CatBoost's tables name their metrics. Its printed lines do not.
  const isPrinted = listing.names().includes('catboost_info') && !here.some(isDetailed)
  const below = here.length === 0 || isPrinted ? await findLogsBelow(listing) : []
  const inside = below.length > 0 ? below : here
  const beside = inside.length > 0 ? inside : await findLogsBeside(listing)
  const all = beside.length > 0 ? beside : await findWandbOutput(listing)
  const [first] = all.toSorted((a, b) => logRank(b) - logRank(a))
  if (!first) return []
  const { kind, isMeasured } = first
  const alike = all.filter((one) => {
    const isOther = one.isMeasured !== isMeasured && pattern(one.file) !== pattern(first.file)
    return one.kind === kind && !isOther
  })
  if (alike.length < 2) return [alike]
  const names = alike.map(({ file }) => file)
  return (await groupLogs(listing, names, kind)).map(({ files }) =>
    files.flatMap((file) => alike.find((one) => one.file === file) ?? []),
  )
}

function isDetailed({ kind }: LogFile): boolean {
  return kind !== 'text'
}

/** How detailed a log is, to choose among several. */
export function logRank({ kind, isMeasured }: Omit<LogFile, 'file'>): number {
  return (isMeasured ? 10 : 0) + { json: 3, table: 2, text: 1 }[kind]
}

function pattern(file: string): string {
  // Some programs write one table per split.
  return withoutSplit(file.replace(/\d+/g, '#'))
}

async function findLogsBelow(listing: Listing): Promise<LogFile[]> {
  const folders = await findLogFolders(listing)
  if (folders.length === 0) return []
  const weights = await listWeights(listing)
  if (weights.length === 0) return []
  const found: LogFile[] = []
  for (const folder of folders) {
    // A log above weights is one of their run.
    if (weights.some(({ path }) => path.startsWith(`${folder}/`))) continue
    if (isOfRunBelow(folder, weights)) continue
    // Logs in `log/NAME` with weights in `models/NAME` are the run in `models/NAME`.
    if ((await findSiblingWeights(join(listing.root, folder))) !== undefined) continue
    found.push(...(await findLogsIn(listing, folder)))
  }
  return found
}

async function findLogsBeside(listing: Listing): Promise<LogFile[]> {
  const found: LogFile[] = await findLogsNamedAs(listing)
  for (const folder of await findSiblingLogs(listing, mayBeLog))
    found.push(...(await findLogsIn(listing, folder)))
  return found.length > 0 && (await listWeights(listing)).length > 0 ? found : []
}

/** What a program printed, as W&B keeps it, if the history of its run was not copied. */
async function findWandbOutput(listing: Listing): Promise<LogFile[]> {
  const run = await findWandbBeside(listing)
  if (!run || run.file !== undefined) return []
  const seen = detectLog(await listing.head(run.output), run.output)
  return seen ? [{ file: run.output, ...seen }] : []
}

/** Logs beside a folder of weights, with its name: `logs/3f2a.txt` for `logs/3f2a`. */
async function findLogsNamedAs(listing: Listing): Promise<LogFile[]> {
  const found: LogFile[] = []
  for (const name of listing.names('..')) {
    if (!mayBeLog(name) || namedFolder(name) !== basename(listing.root)) continue
    const seen = detectLog(await listing.head(`../${name}`), name)
    if (seen) found.push({ file: `../${name}`, ...seen })
  }
  return found
}

/** The folder that a log beside it names; undefined for `train.log`, which names a part of a run. */
function namedFolder(name: string): string | undefined {
  const stem = name.replace(/\.\w+$/, '')
  return stem === name || isPartName(stem) ? undefined : stem
}

/** Log folders below a run's root that hold no weights. */
export async function findLogFolders(listing: Listing, inside = '', depth = 0): Promise<string[]> {
  const found: string[] = []
  if (depth >= DEEPEST) return found
  for (const name of listing.names(inside)) {
    const isLog = depth === 0 ? LOG_FOLDERS.test(name) : /^[^.]*$/.test(name)
    if (!isLog) continue
    const folder = inside === '' ? name : `${inside}/${name}`
    const names = listing.names(folder)
    if (names.length === 0 || names.includes('checkpoints')) continue
    if (name !== LINKED_LOGS && isMarkedRun(join(listing.root, folder), names)) continue
    found.push(folder, ...(await findLogFolders(listing, folder, depth + 1)))
  }
  return found
}

/** Whether a file may be a log, by its name. */
export function mayBeLog(name: string): boolean {
  return CANDIDATE.test(name) && !OTHER.test(name)
}

async function findLogsIn(listing: Listing, folder: string): Promise<LogFile[]> {
  const names = listing.names(folder).filter(mayBeLog)
  const first = names.toSorted((a, b) => Number(LIKELY.test(b)) - Number(LIKELY.test(a)))
  const found: LogFile[] = []
  for (const name of first.slice(0, MOST_CANDIDATES)) {
    const file = folder === '' ? name : `${folder}/${name}`
    if (await isOfFolderBeside(listing, file)) continue
    const seen = detectLog(await listing.head(file), file)
    if (seen) found.push({ file, ...seen })
  }
  return found.sort((a, b) => (a.file < b.file ? -1 : 1))
}

/** Whether a log is of the run in the folder beside it that it names. */
export async function isOfFolderBeside({ root }: Listing, file: string): Promise<boolean> {
  const folder = namedFolder(basename(file))
  if (folder === undefined) return false
  const path = join(root, dirname(file), folder)
  return statIfSeen(path)?.isDirectory() === true && (await findWeights(path)).length > 0
}

/** Detects the form of a log by its first lines; undefined if it is not a log. */
export function detectLog(text: string, file: string): Omit<LogFile, 'file'> | undefined {
  const lines = linesOf(stripVTControlCharacters(text))
  const ofFile = (one: LogRecord | undefined) => one && applyFileSplit(file, one, [file])
  const table = findTableHead(lines)
  const rows = readingsOf(lines.slice(table?.end), (line) =>
    ofFile(readTableRow(line, table?.head)),
  )
  if (rows.length > 0) return describeLog('table', rows, 1)
  const objects = readingsOf(lines, (line) => ofFile(readJsonLine(line)))
  if (objects.length > 0) return describeLog('json', objects, 1)
  const section = emptySection()
  const words = linesOf(text)
    .slice(0, MOST_LINES)
    .flatMap((line) => readTextLines(section, line))
  const all = [...words, ...endSection(section)].map((one) => applyTextSplit(file, one))
  return describeLog('text', all, LOSS_FILE.test(file) ? 1 : FEWEST_TEXT, LOSS_FILE.test(file))
}

function readingsOf(
  lines: readonly string[],
  read: (line: string) => LogRecord | undefined,
): LogRecord[] {
  return lines.slice(0, MOST_LINES).flatMap((line) => read(line) ?? [])
}

/** Describes a log by its records; undefined if too few have a loss or another known metric. */
function describeLog(
  kind: LogKind,
  readings: readonly LogRecord[],
  fewest: number,
  isOfLosses = false,
) {
  const isMeasured = readings.some(({ evaluation }) => Object.keys(evaluation).length > 0)
  // Lines of text have many words that are also names of metrics.
  const isKnown = (name: string): boolean =>
    isOfLosses || /loss/i.test(name) || (kind !== 'text' && directionOf(name) !== undefined)
  const known = readings.filter(({ metrics }) => Object.keys(metrics).some(isKnown))
  const isLog = isMeasured ? readings.length > 0 : known.length >= fewest
  return isLog ? { kind, isMeasured, isWithinEpoch: isWithinEpoch(readings) } : undefined
}
