import { stripVTControlCharacters } from 'node:util'
import { ownValue, setOwn } from '@bestmark/core'
import { noProgress, type Progress, advance } from '../events/attempts.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { endedEvent, measuredEvents, startedEvent, readerNote } from '../events/newEvents.ts'
import { type Found, misfit } from '../../journal/gate.ts'
import { type RunStart, type FileLine, lineSource } from '../reader/lineSource.ts'
import type { Listing } from '../../files/listing.ts'
import { RUN_LOG } from '../reader/mixedReader.ts'
import { isNanoGpt, type OutputRow, readOutputLine } from './outputLines.ts'
import type { LogHistory } from '../weights/logHistory.ts'
import { findSavedWeights } from '../weights/savedWeights.ts'
import { isCount } from '../../files/json.ts'

/** The file that a program's output goes to under `bestmark run`. */
export const OUTPUT = 'bestmark-output.log'
/** Its stderr, where that is another stream than its stdout. */
export const ERRORS = 'bestmark-output.stderr.log'
/** The lines that `bestmark run` itself writes there: each start in both files, and how it ended. */
export const MARK = 'bestmark run: '

/** A start or an end that `bestmark run` marked, its time (ms), and why a program failed. */
export interface Mark {
  word: 'started' | 'completed' | 'stopped' | 'failed'
  at: number | null
  error: string | null
}

/** The mark that a line of the log is; undefined where it is the program's own. */
export function readMark(text: string): Mark | undefined {
  const said = text.startsWith(MARK) ? text.slice(MARK.length) : ''
  const [, time = '', told, rest = ''] =
    /^(\S+) (started|completed|stopped|failed)(?:: (.*))?/.exec(said) ?? []
  const word = (['started', 'completed', 'stopped', 'failed'] as const).find((one) => one === told)
  if (!word) return undefined
  const at = Date.parse(time)
  const error = word === 'failed' && rest !== '' ? rest : null
  return { word, at: Number.isNaN(at) ? null : at, error }
}

/** Where a row stands. */
interface Origin {
  file: string
  line: number
}

/** What is known of the lines before. */
interface State extends Progress {
  /** The total of the training's progress bar, how far it is, and the file that it is drawn in. */
  bar: [done: number, total: number, file: string] | null
  /** Rows that were printed over the bar, of the step that it shows when it is drawn again. */
  waiting: [row: OutputRow, origin: Origin][]
  hasWarned: boolean
  announced_total: number | null
  /** The first attempt of each start that was marked, and how many marks each file has so far. */
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
  unfinished: redrawnBar,
  endOfInput: warnWaiting,
  started,
  saved: async (listing: Listing, _state: State, history: LogHistory) => {
    const { fields } = readDeclaration(await readConfigurations(listing.root))
    const declares = { metric: fields.metric_for_best, total_epochs: null }
    return findSavedWeights(listing, history, { isEpochs: false, shift: 0 }, declares)
  },
}

/** A text log in which nanoGPT, or a program after it, tells of its steps. */
export const TEXT_LOG = lineSource<State>({
  ...format,
  name: 'text_log',
  files: (listing) => {
    const isLog = (head: string): boolean => head.split('\n').some((line) => isNanoGpt(line.trim()))
    return listing.files(/^(?!bestmark-output).*\.(log|txt|out)$/i, isLog)
  },
})

/** What a program printed that `bestmark run` started. */
export const RUN_OUTPUT = lineSource<State>({
  ...format,
  name: RUN_LOG,
  // The end is marked in the last one, so that nothing is left to tell after it.
  files: async (listing) => {
    const names = await listing.names()
    return names.includes(OUTPUT) ? [ERRORS, OUTPUT].filter((name) => names.includes(name)) : []
  },
})

async function started(listing: Listing): Promise<RunStart> {
  const { fields, warnings } = readDeclaration(await readConfigurations(listing.root))
  return { fields: fields, warnings }
}

/** A progress bar without a name of its own is drawn over and over on one line. */
const BAR = /^\s*\d+%\|[^|]*\| *(\d+)\/(\d+) \[[^\]]*\]/

/** nanoGPT prints what it was configured with; it takes the iterations from 0 to the last one told. */
const ITERATIONS = /^(?:Overriding: )?max_iters = (\d{1,15})(?:\s|$)/

function readLine(state: State, { text, line, file }: FileLine): Found[] {
  const parts = text.split('\r').map(bare)
  return parts.flatMap((part, index) => {
    const said = part.trim()
    if (isOurs(file) && said.startsWith(MARK)) return markEvents(state, file, said)
    const iterations = ITERATIONS.exec(said)?.[1]
    if (iterations !== undefined) return announceTotal(state, Number(iterations) + 1)
    const { drawn, events } = barIn(state, said, file)
    // Where both outputs go to one file a row may follow its bar on one line.
    const reading = readOutputLine(said.slice(drawn).trim())
    if (!reading) return events
    const origin = { file, line }
    if (reading.step === null && isWiped(parts[index - 1])) return holdRow(state, reading, origin)
    return [...events, ...rowEvents(state, reading, origin)]
  })
}

/** Bars below the first one are drawn by moving the cursor. */
function bare(text: string): string {
  return text.includes('\u001b') ? stripVTControlCharacters(text) : text
}

/** How much of a part is a bar, and what the training's tells. */
function barIn(state: State, said: string, file: string) {
  const [bar = '', done, total] = BAR.exec(said) ?? []
  const events = total === undefined ? [] : moveBar(state, [Number(done), Number(total), file])
  return { drawn: bar.length, events }
}

/** Blanks over a bar: tqdm wipes it before it prints a row, and then draws it again. */
function isWiped(before: string | undefined): boolean {
  return before !== undefined && /^ +$/.test(before)
}

/** No program prints more rows between two drawings of its bar. */
const MOST_WAITING = 100

/**
 * The bar before a row may be old, since tqdm draws it every 0.1 s at most; the one that it draws
 * right after the row is not.
 */
function holdRow(state: State, row: OutputRow, origin: Origin): Found[] {
  if (!state.bar || state.waiting.length >= MOST_WAITING) return warnNoStep(state, origin)
  state.waiting.push([row, origin])
  return []
}

/** The bar after a row is at the beginning of a line that goes on while the bar is drawn. */
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
  return file === OUTPUT || file === ERRORS
}

/**
 * The last attempt of the start that a file's next line is of, where the other file is at a later
 * start already; undefined where it is of the present one.
 */
function earlierAttempt({ firsts, marks }: State, file: string): number | undefined {
  const next = isOurs(file) ? firsts[ownValue(marks, file) ?? 0] : undefined
  return next === undefined ? undefined : Math.max(0, next - 1)
}

/** The first bar of several steps is the training's; evaluations draw others, with other totals. */
function moveBar(state: State, bar: [done: number, total: number, file: string]): Found[] {
  const [done, total, file] = bar
  if ((state.bar && state.bar[1] !== total) || earlierAttempt(state, file) !== undefined) return []
  state.bar = bar
  const rows = state.waiting
  state.waiting = []
  const placed = rows.flatMap(([row, origin]) => rowEvents(state, { ...row, step: done }, origin))
  return [...announceTotal(state, total), ...placed]
}

function announceTotal(state: State, total: number | null): Found[] {
  // What is begun anew after its end would be running again.
  if (total === null || state.announced_total === total || state.hasEnded) return []
  if (!isCount(total))
    return [misfit('total_steps', 'its total number of steps is not a whole number')]
  state.total = state.announced_total = total
  const { attempt, spans } = state
  const from = spans[attempt]?.[0] ?? 0
  const told = { total_steps: total, resumed_from: from === 0 ? null : from, at: state.began_at }
  return [startedEvent({ attempt, ...told })]
}

function rowEvents(
  state: State,
  { metrics, evaluation, ...reading }: OutputRow,
  origin: Origin,
): Found[] {
  const { epoch, total } = reading
  // Which of two files was written first is not known.
  const step = reading.step ?? (state.bar?.[2] === origin.file ? state.bar[0] : undefined)
  if (step === undefined) return warnNoStep(state, origin)
  const before = earlierAttempt(state, origin.file)
  if (before !== undefined) {
    return measuredEvents({ attempt: before, step, epoch }, { metrics, evaluation }, origin)
  }
  const events = announceTotal(state, total)
  const again = findRestart(state, step, 'loss' in metrics, reading.isOfCurrentWeights ?? false)
  if (again) events.push({ ...again, total_steps: state.total })
  const at = { attempt: state.attempt, step, epoch }
  events.push(...measuredEvents(at, { metrics, evaluation }, origin))
  return events
}

/** A further attempt, where the training logged a step again, or evaluates weights of an earlier one. */
function findRestart(state: State, step: number, isTraining: boolean, isWhereItStands: boolean) {
  if (isTraining) return step === state.step ? undefined : advance(state, step)
  const isBefore = isWhereItStands && state.step !== null && step < state.step
  return isBefore ? advance(state, step + 1) : undefined
}

/** A row of which no step is known is told of, once. */
function warnNoStep(state: State, { file, line }: Origin): Found[] {
  if (state.hasWarned) return []
  state.hasWarned = true
  const text = `Line ${line} of ${file} and similar lines have no step number. Their values are ignored until the program writes its own log files`
  return [readerNote(state.attempt, text)]
}

/** `started` begins a further attempt where the program ran before; `ended` tells how it ended. */
function markEvents(state: State, file: string, said: string): Found[] {
  const mark = readMark(said)
  if (!mark) return []
  const { word, at, error } = mark
  if (word === 'started') return startMarkEvents(state, file, at)
  const before = earlierAttempt(state, file)
  if (before === undefined) state.hasEnded = true
  return [{ ...endedEvent(before ?? state.attempt, word, error), at }]
}

/** The file that is read first tells of a start; in the other one it is known. */
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
