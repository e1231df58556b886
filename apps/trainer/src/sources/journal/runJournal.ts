import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type EventOf, type TrainingEvent, parseEvent, type Found, JOURNAL } from '@bestmark/core'
import { readJournal } from '../../journal/read.ts'
import { isJournal } from '../../journal/header.ts'
import { noProgress, type Progress } from '../events/attempts.ts'
import { startedEvent } from '../events/newEvents.ts'
import { jsonObject } from '../../files/json.ts'
import type { FileLine } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import { readMark, OUTPUT } from '../output/runOutput.ts'

/** The source of a folder with a journal: the journal alone, or with the log of `bestmark run`. */
export function journalSource(root: string): string {
  const isBoth = existsSync(join(root, OUTPUT)) && isJournal(join(root, JOURNAL))
  return isBoth ? RUN_JOURNAL.name : JOURNAL
}

/** Whether a folder's journal is read alone, without the log of `bestmark run`. */
export function isJournalOnly(root: string): boolean {
  return journalSource(root) === JOURNAL && isJournal(join(root, JOURNAL))
}

type Ended = EventOf<'ended'>

/** A start by `bestmark run`, as marked in its log. Times are in milliseconds. */
interface Start {
  at: number | null
  end: Pick<Ended, 'at' | 'status' | 'error' | 'cause'> | null
}

interface State extends Progress {
  /** The job's id in the journal's header. Older versions do not write it. */
  journal?: string
  starts: Start[]
  /** Index of the present attempt's start; null if it was started without `bestmark run`. */
  start: number | null
  /** Index of the latest start that already has an attempt. */
  latest: number
  /** The last attempt in the journal; -1 before the first. */
  last_attempt: number
  /** The end that the journal logged, kept until the exit code is known. */
  logged_end: Ended | null
  hasSentEnd: boolean
}

/**
 * A program that writes a journal and was started by `bestmark run`. The log adds the exit code, which
 * the journal does not have. The log is read first, so at an end mark all journal lines are written.
 */
export const RUN_JOURNAL = lineSource<State>({
  name: 'run_journal',
  files: ({ root }) => Promise.resolve(journalSource(root) === JOURNAL ? [] : [OUTPUT, JOURNAL]),
  begin: () => ({
    ...noProgress(),
    starts: [],
    start: null,
    latest: -1,
    last_attempt: -1,
    logged_end: null,
    hasSentEnd: false,
  }),
  started: () => Promise.resolve({ fields: {}, warnings: [] }),
  line: readLine,
  endOfInput,
  saved: () => Promise.resolve([]),
})

/** The end of the last attempt in a folder's journal; undefined if it has none. */
export function readJournalEnd(root: string): Ended | undefined {
  const path = join(root, JOURNAL)
  if (!isJournal(path)) return undefined
  let turn: TrainingEvent | undefined
  let piece = readJournal(path)
  for (let at = 0; piece.offset > at; piece = readJournal(path, at)) {
    turn = piece.events.findLast(({ type }) => type === 'started' || type === 'ended') ?? turn
    at = piece.offset
  }
  return turn?.type === 'ended' ? turn : undefined
}

function readLine(state: State, { file, text, line }: FileLine): Found[] {
  if (file === OUTPUT) return markEvents(state, text)
  const isHeader = line === 1
  const id = isHeader ? jsonObject(text)?.['job_id'] : undefined
  if (typeof id === 'string') state.journal = id
  if (isHeader || text.trim() === '') return []
  const { event, invalid } = parseEvent(text)
  if (event?.type === 'started') return [...startEvents(state, event), ...invalid]
  if (event?.type === 'ended' && state.start !== null) {
    state.logged_end = event
    return invalid
  }
  if (event?.type === 'metrics') state.step = event.step
  return event ? [event, ...invalid] : invalid
}

function markEvents({ starts }: State, text: string): TrainingEvent[] {
  const { word, at = null, error = null, cause = null } = readMark(text) ?? {}
  const last = starts.at(-1)
  if (word === 'started') starts.push({ at, end: null })
  else if (word && last) last.end = { status: word, at, error, cause }
  return []
}

/** The events of an attempt's start in the journal. It ends the attempt before. */
function startEvents(state: State, event: EventOf<'started'>): TrainingEvent[] {
  const { attempt, total_steps: total, at } = event
  const latest = state.starts.findLastIndex((one) => (one.at ?? -Infinity) <= (at ?? Infinity))
  const end = state.starts[latest]?.end
  const isByHand = latest === -1 || (end && (end.at ?? Infinity) < (at ?? -Infinity))
  const start = isByHand ? null : latest
  const events = attempt === state.attempt ? [] : endEvents(state, start !== state.start)
  Object.assign(state, { attempt, total, start, latest, last_attempt: attempt, step: null })
  Object.assign(state, { logged_end: null, hasSentEnd: false })
  return [...events, event]
}

/** Called when both files are read: adds a start without an attempt, and the last end. */
function endOfInput(state: State, isOver: boolean): TrainingEvent[] {
  const latest = state.starts.length - 1
  const events: TrainingEvent[] = []
  if (state.latest < latest) {
    events.push(...endEvents(state, true))
    // The program may fail before it writes its own start.
    const attempt = state.last_attempt + 1
    Object.assign(state, { attempt, total: null, start: latest, latest, step: null })
    Object.assign(state, { logged_end: null, hasSentEnd: false })
    events.push(startedEvent({ attempt, at: state.starts[latest]?.at ?? null }))
  }
  const isClosed = state.start !== null && state.starts[state.start]?.end
  return isClosed || isOver ? [...events, ...endEvents(state, true)] : events
}

/** The end of the present attempt, sent once. Only the last attempt of a start has an exit code. */
function endEvents(state: State, isLast: boolean): Ended[] {
  const { attempt, logged_end, start } = state
  const mark = isLast && start !== null ? state.starts[start]?.end : undefined
  if (state.hasSentEnd || (!mark && !logged_end)) return []
  state.hasSentEnd = true
  // A logged failure or stop has priority over exit code 0.
  if (!mark || (logged_end && mark.status === 'completed')) return logged_end ? [logged_end] : []
  const error = (logged_end?.status === mark.status ? logged_end.error : null) ?? mark.error
  return [{ ...mark, type: 'ended', attempt, error }]
}

/** Whether a run is read from its journal alone, now or as soon as the journal exists. */
export function isReadAlone(root: string, source: string): boolean {
  return isJournalOnly(root) || (source === JOURNAL && journalSource(root) === JOURNAL)
}
