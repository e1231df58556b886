import { stripVTControlCharacters } from 'node:util'
import { type EventOf, ownValue, setOwn } from '@bestmark/core'
import { readConfigurations } from '../config/configuration.ts'
import { declared } from '../config/declaration.ts'
import { beginning, type Progress, reach } from '../events/attempts.ts'
import { measuredEvents } from '../events/events.ts'
import type { Found } from '../../journal/gate.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { Listing } from '../../files/folder.ts'
import { isCount } from '../../files/json.ts'
import { type FileLine, type Format, lineSource } from '../reader/lineSource.ts'
import { baseOfTable, type NamedValue, namedValues } from '../weights/tableBase.ts'
import type { History } from '../weights/history.ts'
import { savedWeights } from '../weights/saved.ts'
import { jsonReading } from './jsonLines.ts'
import { logFiles, type LogKind } from './logFile.ts'
import type { LogReading } from './reading.ts'
import { noSection, type Section, sectionReading } from './sections.ts'
import { type Head, headIn, rowReading } from './table.ts'
import { textReading } from './textLines.ts'

/** What is known of a log so far. */
export interface LogState extends Progress {
  kinds: Record<string, LogKind>
  heads: Record<string, Head>
  section: Section
  named: NamedValue[]
  /** What rows are placed by; the first row tells. */
  axis: 'steps' | 'epochs' | null
  /** How many more steps there are than the log counts. */
  shift: 0 | 1
  /** The last count and epoch of training. */
  counted: number | null
  epoch: number | null
}

/** How tables, lines of JSON and lines of words are read in which any program tells of its steps or epochs. */
export const LOG_FORMAT = {
  name: 'logs',
  files: async (listing: Listing) => (await logFiles(listing)).map(({ file }) => file),
  begin: async (listing: Listing): Promise<LogState> => {
    const kinds = (await logFiles(listing)).map(({ file, kind }) => [file, kind] as const)
    return {
      ...beginning(),
      ...{ kinds: Object.fromEntries(kinds), heads: {}, section: noSection() },
      ...{ named: await namedValues(listing), axis: null, shift: 0, counted: null, epoch: null },
    }
  },
  line: tell,
  started: async (listing: Listing) => {
    const { fields, totals, warnings } = declared(await readConfigurations(listing.root))
    return { told: { ...fields, ...totals }, warnings }
  },
  saved,
  infers: true,
} satisfies Format<LogState>

/** The logs that any program writes. */
export const LOGS = lineSource<LogState>(LOG_FORMAT)

async function saved(listing: Listing, state: LogState, history: History): Promise<SavedFile[]> {
  const { fields, totals } = declared(await readConfigurations(listing.root))
  const { total_epochs } = totals
  const axis = { isEpochs: state.axis === 'epochs', shift: state.shift }
  return savedWeights(listing, history, axis, { metric: fields.metric_for_best, total_epochs })
}

function tell(state: LogState, { text, line, file }: FileLine): Found[] {
  const kind = ownValue(state.kinds, file) ?? 'text'
  return text.split('\r').flatMap((part) => {
    const reading = readingIn(state, kind, { file, line, text: part })
    return reading ? measured(state, reading, { file, line }) : []
  })
}

function readingIn(
  state: LogState,
  kind: LogKind,
  { file, line, text }: FileLine,
): LogReading | undefined {
  if (kind === 'json') return jsonReading(text)
  if (kind === 'text') {
    const bare = stripVTControlCharacters(text)
    return sectionReading(state.section, bare) ?? textReading(bare)
  }
  const head = line === 1 || !ownValue(state.heads, file) ? headIn(text) : undefined
  if (head) setOwn(state.heads, file, head)
  const known = ownValue(state.heads, file)
  return head || !known ? undefined : rowReading(text, known)
}

function measured(
  state: LogState,
  reading: LogReading,
  origin: { file: string; line: number },
): Found[] {
  const { metrics, evaluation } = reading
  const isTraining = Object.keys(metrics).length > 0
  const at = placeOf(state, reading, isTraining)
  if (!at) return []
  const found: Found[] = []
  const { step } = at
  const again = wentBack(state, step, isTraining)
  if (again) found.push(again)
  const { attempt } = state
  found.push(...measuredEvents({ attempt, ...at }, { metrics, evaluation }, origin))
  return found
}

/** A further attempt, where training logs an earlier step again. */
function wentBack(
  state: LogState,
  step: number,
  isTraining: boolean,
): EventOf<'started'> | undefined {
  if (!isTraining || step === state.step) return undefined
  const again = reach(state, step)
  return again && { ...again, total_steps: state.total }
}

/** The step and epoch that a record is of. */
function placeOf(
  state: LogState,
  reading: LogReading,
  isTraining: boolean,
): { step: number; epoch: number | null } | undefined {
  const counted = countIn(state, reading, isTraining)
  if (counted === null || !isCount(counted)) return undefined
  if (state.counted === null) state.shift = shiftOf(state, counted, reading)
  if (isTraining || state.counted === null) state.counted = counted
  const step = counted + state.shift
  const total = state.axis === 'epochs' ? reading.total_epochs : reading.total_steps
  state.total ??= total
  if (reading.epoch !== null) state.epoch = reading.epoch
  return { step, epoch: state.axis === 'epochs' ? step : (reading.epoch ?? state.epoch) }
}

/** The number on the log's axis; null where a record has only the other one. */
function countIn(
  state: LogState,
  { step, epoch, evaluation }: LogReading,
  isTraining: boolean,
): number | null {
  state.axis ??= step !== null ? 'steps' : 'epochs'
  if (state.axis === 'epochs') return epoch
  // mmengine calls the epoch a step where it evaluates once an epoch.
  const isEpoch =
    step !== null && step === state.epoch && state.counted !== null && step < state.counted
  if (!isTraining && isEpoch && Object.keys(evaluation).length > 0) return state.counted
  // What is measured at the end of an epoch is of the step before it.
  return step ?? (epoch === null ? null : state.counted)
}

/**
 * Whether a log counts from 0: epochs by the first of them, or by names that carry its value; steps
 * where it logs 99 or 999 for the hundredth or thousandth.
 */
function shiftOf({ axis, named }: LogState, counted: number, { evaluation }: LogReading): 0 | 1 {
  if (axis === 'epochs') return baseOfTable(counted, evaluation, { named }) === 0 ? 1 : 0
  return counted >= 9 && (counted + 1) % 10 === 0 ? 1 : 0
}
