import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EventOf, TrainingEvent } from '@bestmark/core'
import { readJournal } from '../../journal/read.ts'
import { isJournal, JOURNAL } from '../../journal/header.ts'
import { parseEvent } from '../../journal/events.ts'
import { beginning, type Progress } from '../events/attempts.ts'
import { startedEvent } from '../events/events.ts'
import type { Found } from '../../journal/gate.ts'
import { jsonObject } from '../../files/json.ts'
import { type FileLine, lineSource } from '../reader/lineSource.ts'
import { markIn, OUTPUT } from '../output/textLog.ts'

/** The source of a folder that has a journal: it alone, or with the log of `bestmark run`. */
export function journalSource(root: string): string {
  const isBoth = existsSync(join(root, OUTPUT)) && isJournal(join(root, JOURNAL))
  return isBoth ? RUN_JOURNAL.name : JOURNAL
}

/** Whether a folder has a journal that is read alone, whatever else lies there. */
export function isJournalAlone(root: string): boolean {
  return journalSource(root) === JOURNAL && isJournal(join(root, JOURNAL))
}

type Ended = EventOf<'ended'>

/** A program that `bestmark run` started, by the marks in its log; times are milliseconds. */
interface Start {
  at: number | null
  end: Pick<Ended, 'at' | 'status' | 'error'> | null
}

interface State extends Progress {
  /** The job's id in the journal's header; left out by older versions. */
  journal?: string
  starts: Start[]
  /** Which of them the present attempt is of; null where it was begun without `bestmark run`. */
  start: number | null
  /** The latest of them that an attempt is of, or came after. */
  latest: number
  /** The last attempt that the journal told of; -1 before the first. */
  told: number
  /** How the present attempt itself says that it ended, while its exit code is waited for. */
  said: Ended | null
  isEndTold: boolean
}

/**
 * A program that writes a journal and was started by `bestmark run`: the journal tells everything
 * but how it ended, which the log knows by the exit code. The log is read first, so that all lines
 * of the journal were written when an end stands there.
 */
export const RUN_JOURNAL = lineSource<State>({
  name: 'run_journal',
  files: ({ root }) => Promise.resolve(journalSource(root) === JOURNAL ? [] : [OUTPUT, JOURNAL]),
  begin: () => ({
    ...beginning(),
    starts: [],
    start: null,
    latest: -1,
    told: -1,
    said: null,
    isEndTold: false,
  }),
  started: () => Promise.resolve({ told: {}, warnings: [] }),
  line: tell,
  settled,
  saved: () => Promise.resolve([]),
})

/** How the last attempt in a folder's journal says that it ended; undefined where it does not. */
export function endInJournal(root: string): Ended | undefined {
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

function tell(state: State, { file, text, line }: FileLine): Found[] {
  if (file === OUTPUT) return marked(state, text)
  const isHeader = line === 1
  const id = isHeader ? jsonObject(text)?.['job_id'] : undefined
  if (typeof id === 'string') state.journal = id
  if (isHeader || text.trim() === '') return []
  const { event, misfits } = parseEvent(text)
  if (event?.type === 'started') return [...begun(state, event), ...misfits]
  if (event?.type === 'ended' && state.start !== null) {
    state.said = event
    return misfits
  }
  if (event?.type === 'metrics') state.step = event.step
  return event ? [event, ...misfits] : misfits
}

function marked({ starts }: State, text: string): TrainingEvent[] {
  const { word, at = null, error = null } = markIn(text) ?? {}
  const last = starts.at(-1)
  if (word === 'started') starts.push({ at, end: null })
  else if (word && last) last.end = { status: word, at, error }
  return []
}

/** The journal's own word of an attempt; the one before is over. */
function begun(state: State, event: EventOf<'started'>): TrainingEvent[] {
  const { attempt, total_steps: total, at } = event
  const latest = state.starts.findLastIndex((one) => (one.at ?? -Infinity) <= (at ?? Infinity))
  const end = state.starts[latest]?.end
  const isByHand = latest === -1 || (end && (end.at ?? Infinity) < (at ?? -Infinity))
  const start = isByHand ? null : latest
  const events = attempt === state.attempt ? [] : over(state, start !== state.start)
  Object.assign(state, { attempt, total, start, latest, told: attempt, step: null })
  Object.assign(state, { said: null, isEndTold: false })
  return [...events, event]
}

/** All that was written has been read: what is known of the last start, and of its end. */
function settled(state: State, isOver: boolean): TrainingEvent[] {
  const latest = state.starts.length - 1
  const events: TrainingEvent[] = []
  if (state.latest < latest) {
    events.push(...over(state, true))
    // Until the program tells of it, which it never does where it fails before.
    const attempt = state.told + 1
    Object.assign(state, { attempt, total: null, start: latest, latest, step: null })
    Object.assign(state, { said: null, isEndTold: false })
    events.push(startedEvent({ attempt, at: state.starts[latest]?.at ?? null }))
  }
  const isClosed = state.start !== null && state.starts[state.start]?.end
  return isClosed || isOver ? [...events, ...over(state, true)] : events
}

/** How the present attempt ended, once; by its own word alone where the program went on with another. */
function over(state: State, isLast: boolean): Ended[] {
  const { attempt, said, start } = state
  const mark = isLast && start !== null ? state.starts[start]?.end : undefined
  if (state.isEndTold || (!mark && !said)) return []
  state.isEndTold = true
  // An exit code of 0 says less than a program that calls itself failed or stopped.
  if (!mark || (said && mark.status === 'completed')) return said ? [said] : []
  const error = (said?.status === mark.status ? said.error : null) ?? mark.error
  return [{ ...mark, type: 'ended', attempt, error }]
}
