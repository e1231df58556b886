import { basename } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { ownValue, setOwn, readerNote, type Found, misfit } from '@bestmark/core'
import { noProgress, type Progress, advance } from '../events/attempts.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { endedEvent, measuredEvents, startedEvent } from '../events/newEvents.ts'
import type { RunStart, FileLine } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import type { Listing } from '../../files/listing.ts'
import { RUN_LOG } from '../reader/mixedReader.ts'
import { isOfFolderBeside } from '../logs/logFile.ts'
import { groupLogs } from '../logs/logParts.ts'
import { isTrainerRow } from '../logs/textLines.ts'
import { ERRORS, findRunOutput, MARK, OUTPUT, readMark } from './runOutput.ts'
import { isNanoGpt, type OutputRow, readOutputLine } from './outputLines.ts'
import type { LogHistory } from '../weights/logHistory.ts'
import { findSavedWeights } from '../weights/savedWeights.ts'
import { isCount } from '../../files/json.ts'

/** File and line of a row. */
interface Origin {
  file: string
  line: number
}

/** What earlier lines contained. */
interface State extends Progress {
  /** The training's progress bar, and the file with it. */
  bar: [done: number, total: number, file: string] | null
  /** Rows printed over the bar. Their step is shown when the bar is drawn again. */
  waiting: [row: OutputRow, origin: Origin][]
  hasWarned: boolean
  announced_total: number | null
  /** The first attempt of each marked start, and the number of start marks per file. */
  firsts: number[]
  marks: Record<string, number>
  hasEnded: boolean
  /** When the attempt began (ms). */
  began_at: number | null
}

const format = {
  begin: (): State => ({
    ...noProgress(),
    bar: null,
    waiting: [],
    hasWarned: false,
    announced_total: null,
    firsts: [],
    marks: {},
    hasEnded: false,
    began_at: null,
  }),
  line: readLine,
  hasBars: () => true,
  unfinished: redrawnBar,
  endOfInput: warnWaiting,
  started,
  saved: async (listing: Listing, _state: State, history: LogHistory) => {
    const { fields } = readDeclaration(await readConfigurations(listing.root))
    const declares = { metric: fields.metric_for_best, total_epochs: null }
    return findSavedWeights(listing, history, { isEpochs: false, shift: 0 }, declares)
  },
}

/** The text log of nanoGPT or a similar program. */
export const TEXT_LOG = lineSource<State>({
  ...format,
  name: 'text_log',
  files: async (listing) => {
    const [first] = await groupLogs(listing, await findOutputLogs(listing), 'text')
    return first?.files ?? []
  },
})

/** The text logs of nanoGPT and similar programs in a run's root. */
export async function findOutputLogs(listing: Listing): Promise<string[]> {
  const isLog = (head: string): boolean => {
    const parts = head.split(/[\r\n]/).map((part) => bare(part).trim())
    return parts.some(isNanoGpt) || isOfTrainer(parts)
  }
  const found = await listing.files(/^(?!bestmark-output).*\.(log|txt|out)(\.gz)?$/i, isLog)
  const own: string[] = []
  for (const file of found) if (!(await isOfFolderBeside(listing, file))) own.push(file)
  return own
}

/** Whether lines are the output of the HuggingFace Trainer with its bar, which has the step. */
function isOfTrainer(parts: readonly string[]): boolean {
  const rows = parts.filter((part) => isTrainerRow(part.replace(BAR, '')))
  return rows.length > 0 && parts.some((part) => BAR.test(part))
}

/** The output of a program that `bestmark run` started. */
export const RUN_OUTPUT = lineSource<State>({
  ...format,
  name: RUN_LOG,
  // The end mark is in the last file, so nothing follows it.
  files: async (listing) => {
    const files = await findRunOutput(listing)
    return files.some((file) => basename(file) === OUTPUT) ? files : []
  },
})

async function started(listing: Listing): Promise<RunStart> {
  const { fields, warnings } = readDeclaration(await readConfigurations(listing.root))
  return { fields: fields, warnings }
}

/** A progress bar without a name, drawn many times on one line. */
const BAR = /^\s*\d+%\|[^|]*\| *(\d+)\/(\d+) \[[^\]]*\]/

/** nanoGPT prints its options. It runs the iterations from 0 to max_iters. */
const ITERATIONS = /^(?:Overriding: )?max_iters = (\d{1,15})(?:\s|$)/

function readLine(state: State, { text, line, file }: FileLine): Found[] {
  const parts = text.split('\r').map(bare)
  return parts.flatMap((part, index) => {
    const words = part.trim()
    if (isOurs(file) && words.startsWith(MARK)) return markEvents(state, file, words)
    const iterations = ITERATIONS.exec(words)?.[1]
    if (iterations !== undefined) return announceTotal(state, Number(iterations) + 1)
    const { drawn, events } = barIn(state, words, file)
    // If both outputs go to one file, a row may follow the bar on the same line.
    const row = readOutputLine(words.slice(drawn).trim())
    if (!row) return events
    const origin = { file, line }
    if (row.step === null && isWiped(parts[index - 1])) return holdRow(state, row, origin)
    return [...events, ...rowEvents(state, row, origin)]
  })
}

/** Removes cursor movements, with which bars below the first one are drawn. */
function bare(text: string): string {
  return text.includes('\u001b') ? stripVTControlCharacters(text) : text
}

/** The length of a bar in a text, and its events if it is the training's. */
function barIn(state: State, text: string, file: string) {
  const [bar = '', done, total] = BAR.exec(text) ?? []
  const events = total === undefined ? [] : moveBar(state, [Number(done), Number(total), file])
  return { drawn: bar.length, events }
}

/** Whether tqdm cleared its bar with spaces, as it does before it prints a row. */
function isWiped(before: string | undefined): boolean {
  return before !== undefined && /^ +$/.test(before)
}

/** The most rows that may wait for the bar. */
const MOST_WAITING = 100

/**
 * Holds a row until the bar is drawn again. The bar before a row may be old, because tqdm draws it at
 * most every 0.1 s. The bar directly after the row is current.
 */
function holdRow(state: State, row: OutputRow, origin: Origin): Found[] {
  if (!state.bar || state.waiting.length >= MOST_WAITING) return warnNoStep(state, origin)
  state.waiting.push([row, origin])
  return []
}

/** Reads the bar after a row from a line that is still being written. */
function redrawnBar(state: State, { text, file }: { text: string; file: string }): Found[] {
  if (state.waiting.length === 0) return []
  for (const part of text.split('\r')) {
    const { events } = barIn(state, bare(part).trim(), file)
    if (events.length > 0) return events
  }
  return []
}

function warnWaiting(state: State, isOver: boolean): Found[] {
  const [first] = isOver ? state.waiting : []
  return first ? warnNoStep(state, first[1]) : []
}

function isOurs(file: string): boolean {
  return [OUTPUT, ERRORS].includes(basename(file))
}

/**
 * The attempt of a file's next line, if the other file already has a later start; undefined if the
 * line belongs to the present start.
 */
function earlierAttempt({ firsts, marks }: State, file: string): number | undefined {
  const next = isOurs(file) ? firsts[ownValue(marks, file) ?? 0] : undefined
  return next === undefined ? undefined : Math.max(0, next - 1)
}

/** Updates the bar. The first bar is the training's; bars of evaluations have other totals. */
function moveBar(state: State, bar: [done: number, total: number, file: string]): Found[] {
  const [done, total, file] = bar
  if ((state.bar && state.bar[1] !== total) || earlierAttempt(state, file) !== undefined) return []
  state.bar = bar
  const rows = state.waiting
  state.waiting = []
  const rowsEvents = rows.flatMap(([row, origin]) =>
    rowEvents(state, { ...row, step: done }, origin),
  )
  return [...announceTotal(state, total), ...rowsEvents]
}

function announceTotal(state: State, total: number | null): Found[] {
  // A start after the end would show the run as running again.
  if (total === null || state.announced_total === total || state.hasEnded) return []
  if (!isCount(total))
    return [misfit('total_steps', 'its total number of steps is not a whole number')]
  state.total = state.announced_total = total
  const { attempt, spans } = state
  const from = spans[attempt]?.[0] ?? 0
  const fields = { total_steps: total, resumed_from: from === 0 ? null : from }
  return [startedEvent({ attempt, ...fields, at: state.began_at })]
}

function rowEvents(
  state: State,
  { metrics, evaluation, ...row }: OutputRow,
  origin: Origin,
): Found[] {
  const { epoch, total } = row
  // A bar in the other file may be older or newer than this row.
  const step = row.step ?? (state.bar?.[2] === origin.file ? state.bar[0] : undefined)
  if (step === undefined) return warnNoStep(state, origin)
  const before = earlierAttempt(state, origin.file)
  if (before !== undefined) {
    return measuredEvents({ attempt: before, step, epoch }, { metrics, evaluation }, origin)
  }
  const events = announceTotal(state, total)
  const again = findRestart(state, step, 'loss' in metrics, row.isOfCurrentWeights ?? false)
  if (again) events.push({ ...again, total_steps: state.total })
  const at = { attempt: state.attempt, step, epoch }
  events.push(...measuredEvents(at, { metrics, evaluation }, origin))
  return events
}

/** The start of a new attempt, if training logs a step again or evaluates an earlier step. */
function findRestart(state: State, step: number, isTraining: boolean, isWhereItStands: boolean) {
  if (isTraining) return step === state.step ? undefined : advance(state, step)
  const isBefore = isWhereItStands && state.step !== null && step < state.step
  return isBefore ? advance(state, step + 1) : undefined
}

/** Warns once about a row without a step. */
function warnNoStep(state: State, { file, line }: Origin): Found[] {
  if (state.hasWarned) return []
  state.hasWarned = true
  const text = `Line ${line} of ${file} and similar lines have no step number. Their values are ignored until the program writes its own log files`
  return [readerNote(state.attempt, { code: 'rows_without_step', text })]
}

/** The events of a mark. A second start begins a new attempt. */
function markEvents(state: State, file: string, text: string): Found[] {
  const mark = readMark(text)
  if (!mark) return []
  const { word, at, error, cause } = mark
  if (word === 'started') return startMarkEvents(state, file, at)
  const before = earlierAttempt(state, file)
  if (before === undefined) state.hasEnded = true
  return [{ ...endedEvent(before ?? state.attempt, word, error), at, cause }]
}

/** Both files have a mark of each start. Only the first one makes an event. */
function startMarkEvents(state: State, file: string, at: number | null): Found[] {
  const start = (ownValue(state.marks, file) ?? 0) + 1
  setOwn(state.marks, file, start)
  if (start <= state.firsts.length) return []
  state.began_at = at
  if (start > 1) {
    Object.assign(state, { bar: null, waiting: [], announced_total: null, total: null })
    Object.assign(state, { step: null, hasEnded: false })
    state.attempt++
    state.spans.push([0, 0])
  }
  state.firsts.push(state.attempt)
  return [startedEvent(start === 1 ? { at } : { attempt: state.attempt, at })]
}
