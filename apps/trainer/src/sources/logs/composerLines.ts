import { numberIn } from '../../files/csv.ts'
import { EMPTY_RECORD, type LogRecord, splitByKind } from './logRecord.ts'

type Pairs = [name: string, value: number][]

/** What earlier lines of MosaicML's Composer showed. Plain data, because it is stored in the cursor. */
export interface ComposerState {
  /** Whether its FileLogger wrote the log. The console's lines in it are copies. */
  isFile: boolean
  /** The completed batches at the last heading of the console. */
  batch: number | null
  /** Values without a prefix, which belong to the next batch with one. */
  held: Pairs
}

export function emptyComposer(): ComposerState {
  return { isFile: false, batch: null, held: [] }
}

/** FileLogger: `[metric][batch=8]: metrics/eval/CrossEntropy: 0.6057`. */
const OF_FILE = /^\[(?:metric|hyperparameter)\]/
const LOGGED = /^\[metric\]\[batch=(\d{1,15})\]: (\S+): (\S+)$/
/** The progress bar in the file hides the prefix of the value that follows it. */
const BARE = /(?<![\w/])((?:metrics|loss)\/\S+): (\S+)$/
/** The console: `[epoch=2][batch=4/4]:`, or with a duration in batches `[batch=8/24]:`. */
const HEADING = /^(?:\[epoch=(\d{1,9})\])?\[batch=(\d{1,15})\/(\d{1,15})\]:$/
const PRINTED = /^(?:Train|Eval) (\S+): (\S+)$/
/** Other values are times and sizes. */
const MEASURED = /^(metrics|loss|lr)\b/

/** The records in a line of Composer; undefined for any other line. */
export function readComposerLine(state: ComposerState, line: string): LogRecord[] | undefined {
  const text = line.trim()
  state.isFile ||= OF_FILE.test(text)
  return state.isFile ? fileLine(state, text) : consoleLine(state, text)
}

function fileLine(state: ComposerState, text: string): LogRecord[] {
  const [, batch, name, digits] = LOGGED.exec(text) ?? []
  if (batch === undefined) {
    const [, bare, value] = BARE.exec(text) ?? []
    state.held.push(...pairOf(bare, value))
    return []
  }
  const pairs = [...state.held, ...pairOf(name, digits)]
  state.held = []
  return recordOf(Number(batch), pairs)
}

function consoleLine(state: ComposerState, text: string): LogRecord[] | undefined {
  const [head, epoch = 1, batch, perEpoch] = HEADING.exec(text) ?? []
  if (head !== undefined) {
    state.batch = (Number(epoch) - 1) * Number(perEpoch) + Number(batch)
    return []
  }
  const [, name, digits] = PRINTED.exec(text) ?? []
  return state.batch === null || name === undefined
    ? undefined
    : recordOf(state.batch, pairOf(name, digits))
}

function pairOf(name: string | undefined, digits: string | undefined): Pairs {
  const value = numberIn(digits)
  const isUsed = name !== undefined && value !== undefined && MEASURED.test(name)
  return isUsed ? [[name, value]] : []
}

function recordOf(step: number, pairs: Pairs): LogRecord[] {
  return pairs.length === 0 ? [] : [{ ...EMPTY_RECORD, step, ...splitByKind(pairs) }]
}
