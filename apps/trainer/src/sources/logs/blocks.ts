import { numberIn } from '../../files/csv.ts'
import { readNameHints } from '../weights/nameHints.ts'
import { EMPTY_RECORD, type LogRecord, type RecordSplit, splitByKind } from './logRecord.ts'
import { NUMBER } from './printedNumbers.ts'
import { readPairs } from './textLines.ts'
import type { LastCount } from './uncountedLines.ts'

/** The block of values that is open: a heading, then one value per line. Plain data. */
export interface Block {
  /** Null outside a block. */
  split: 'train' | Exclude<RecordSplit, 'unnamed'> | null
  step: number | null
  epoch: number | null
  pairs: [name: string, value: number][]
}

export function emptyBlock(): Block {
  return { split: null, step: null, epoch: null, pairs: [] }
}

/** BasicSR: `Validation Set5`; Coqui: `--> EVAL PERFORMANCE`; others: `Test results:`. */
const HEADING =
  /^[^A-Za-z\d]*(validation|eval|evaluation|test)(?: (?:performance|results?|metrics?|scores?|errors?|set\d*|[A-Z][\w-]*)){0,2}\W*$/i
/** Coqui: `--> TIME: 2026-11-20 10:00:00 -- STEP: 5/8 -- GLOBAL_STEP: 25`. */
const COUNTED = /^--> (?:TIME|TRAIN PERFORMAN?CE)\b.* GLOBAL_STEP: (\d{1,15})$/
/** A line of a block: a bullet, a name and a value, perhaps with more in other columns. */
const VALUE = new RegExp(
  String.raw`^[|>#*•-][|>#*• -]*([A-Za-z][\w@./ -]*?): ?(${NUMBER})(?=$|[\s,;%])(.*)$`,
  'i',
)
/** All values in one line below the heading: PyTorch's tutorials print ` Accuracy: 70.1%, Avg loss: 0.8 `. */
const ROW = new RegExp(
  String.raw`^[a-z][\w@./ -]*: ?${NUMBER}%?(?:, ?[a-z][\w@./ -]*: ?${NUMBER}%?)*$`,
  'i',
)
/** BasicSR repeats the best value and its iteration. */
const BEST = new RegExp(String.raw`^\tBest: (${NUMBER}) @ (\d{1,15}) iter$`)
/** Coqui saves the best weights after an evaluation, and names them with the step. */
const SAVED = /^> BEST MODEL : (?:.*[/\\])?([^/\\]+)$/

/** A line of a log, and what is known of it. */
interface BlockLine {
  text: string
  last: LastCount
  /** Whether it has a time. Only lines without one belong to a block. */
  isStamped: boolean
}

/**
 * Reads a line of a block, or the heading of one. Any other line ends the block, whose values are one
 * record. Undefined if no block is open or ends.
 */
export function readBlockLine(block: Block, line: BlockLine): LogRecord[] | undefined {
  const { text, last, isStamped } = line
  if (block.split !== null && (text === '' || (!isStamped && takeValue(block, text)))) return []
  const saved = SAVED.exec(text)?.[1]
  const ended = endBlock(block, saved === undefined ? null : readNameHints(saved).number)
  openBlock(block, text, last)
  return block.split === null && ended.length === 0 ? undefined : ended
}

/** The record of the open block. `saved` is the step of weights that were saved after it. */
export function endBlock(block: Block, saved: number | null = null): LogRecord[] {
  const { split, pairs, epoch } = block
  const step = block.split === 'eval' ? (saved ?? block.step) : block.step
  Object.assign(block, emptyBlock())
  if (pairs.length === 0 || split === null || (step === null && epoch === null)) return []
  return [
    { ...EMPTY_RECORD, step, epoch, ...splitByKind(pairs, split === 'train' ? undefined : split) },
  ]
}

function openBlock(block: Block, text: string, last: LastCount): void {
  const counted = COUNTED.exec(text)?.[1]
  const word = HEADING.exec(text)?.[1]?.toLowerCase()
  if (counted !== undefined) {
    last.step = Number(counted)
    Object.assign(block, { split: 'train', step: last.step })
  } else if (word !== undefined && !(word === 'test' && last.isValidated)) {
    const split = word === 'test' ? 'test' : 'eval'
    Object.assign(block, { split, step: last.step, epoch: last.epoch })
    if (split === 'eval') last.isValidated = true
  }
}

/** Whether a line is a value of the block, or all of them. */
function takeValue(block: Block, text: string): boolean {
  if (block.pairs.length === 0 && ROW.test(text)) {
    block.pairs.push(...readPairs(text))
    return block.pairs.length > 0
  }
  const [, name, digits, more = ''] = VALUE.exec(text) ?? []
  const value = numberIn(digits)
  if (name === undefined || value === undefined) return false
  block.pairs.push([name, value])
  const [, best, iteration] = BEST.exec(more.trimEnd()) ?? []
  // If this is the best value so far, its iteration is the present one.
  if (best !== undefined && numberIn(best) === value) block.step = Number(iteration)
  return true
}
