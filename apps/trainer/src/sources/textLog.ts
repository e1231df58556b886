import type { EventOf, TrainingEvent } from '@bestmark/core'
import { beginning, type Progress, reach } from './attempts.ts'
import { readConfigurations } from './configuration.ts'
import { declared } from './declaration.ts'
import { endedEvent, measuredEvents, startedEvent, toldEvent } from './events.ts'
import { type Beginning, type FileLine, lineSource } from './lineSource.ts'
import type { Listing } from './listing.ts'
import { RUN_LOG } from './mixed.ts'
import { isNanoGpt, type Reading, readingIn } from './outputLines.ts'
import { numbered, savedIn, withSteps } from './savedFiles.ts'

/** The file in which `bestmark run` keeps what a program printed. */
export const OUTPUT = 'bestmark-output.log'
/** The lines that `bestmark run` itself writes there: when a program began, and how it ended. */
export const MARK = 'bestmark run: '

/** What is known of the lines before. */
interface State extends Progress {
  /** The total of the training's progress bar, and how far it is. */
  bar: [done: number, total: number] | null
  hasWarned: boolean
  total_told: number | null
  runs: number
  /** When the attempt began (ms). */
  began_at: number | null
}

const format = {
  begin: (): State => ({
    ...beginning(),
    bar: null,
    hasWarned: false,
    total_told: null,
    runs: 0,
    began_at: null,
  }),
  line: tell,
  started,
  saved: async (listing: Listing) => {
    return withSteps(listing.root, await savedIn(listing, ['', 'checkpoints', 'weights'], numbered))
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
  files: async (listing) => (await listing.names()).filter((name) => name === OUTPUT),
})

async function started(listing: Listing): Promise<Beginning> {
  const { fields, warnings } = declared(await readConfigurations(listing.root))
  return { told: fields, warnings }
}

/** A progress bar without a name of its own is drawn over and over on one line. */
const BAR = /^\s*\d+%\|[^|]*\| *(\d+)\/(\d+) \[[^\]]*\]/

function tell(state: State, { text, line, file }: FileLine): TrainingEvent[] {
  return text.split('\r').flatMap((part) => {
    const said = part.trim()
    if (file === OUTPUT && said.startsWith(MARK)) return marked(state, said.slice(MARK.length))
    const [bar = '', done, total] = BAR.exec(said) ?? []
    const events = total === undefined ? [] : moved(state, Number(done), Number(total))
    // Where both outputs go to one file a row may follow its bar on one line.
    const reading = readingIn(said.slice(bar.length).trim())
    return reading ? [...events, ...measured(state, reading, { file, line })] : events
  })
}

/** The first bar of several steps is the training's; evaluations draw others, with other totals. */
function moved(state: State, done: number, total: number): TrainingEvent[] {
  if (state.bar && state.bar[1] !== total) return []
  state.bar = [done, total]
  return totalTold(state, total)
}

function totalTold(state: State, total: number | null): TrainingEvent[] {
  if (total === null || state.total_told === total) return []
  state.total = state.total_told = total
  const { attempt, spans } = state
  const from = spans[attempt]?.[0] ?? 0
  const told = { total_steps: total, resumed_from: from === 0 ? null : from, at: state.began_at }
  return [startedEvent({ attempt, ...told })]
}

function measured(
  state: State,
  { metrics, evaluation, ...reading }: Reading,
  origin: { file: string; line: number },
): TrainingEvent[] {
  const { epoch, total } = reading
  const step = reading.step ?? state.bar?.[0]
  if (step === undefined) {
    if (state.hasWarned) return []
    state.hasWarned = true
    const text = `Line ${origin.line} of ${origin.file} and others like it tell no step (a progress bar would), so what they measure waits for the program's own files`
    return [toldEvent(state.attempt, text)]
  }
  const events = totalTold(state, total)
  const isTraining = 'loss' in metrics
  const again = isTraining && step !== state.step ? reach(state, step) : undefined
  if (again) events.push({ ...again, total_steps: state.total })
  const at = { attempt: state.attempt, step, epoch }
  events.push(...measuredEvents(at, { metrics, evaluation }, origin))
  return events
}

/** `started` begins a further attempt where the program ran before; `ended` tells how it ended. */
function marked(state: State, said: string): TrainingEvent[] {
  const [, at = '', word = '', rest = ''] =
    /^(\S+) (started|completed|stopped|failed)(?:: (.*))?/.exec(said) ?? []
  const time = Date.parse(at)
  const when = Number.isNaN(time) ? null : time
  if (word === 'started') {
    state.began_at = when
    if (state.runs++ === 0) return [startedEvent({ at: when })]
    Object.assign(state, { bar: null, total_told: null, total: null, step: null })
    state.attempt++
    state.spans.push([0, 0])
    return [startedEvent({ attempt: state.attempt, at: when })]
  }
  const status = (['completed', 'stopped', 'failed'] as const).find((one) => one === word)
  if (!status) return []
  const error = status === 'failed' && rest !== '' ? rest : null
  const ended: EventOf<'ended'> = { ...endedEvent(state.attempt, status, error), at: when }
  return [ended]
}
