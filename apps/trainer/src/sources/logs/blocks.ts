import { numberIn } from '../../files/csv.ts'
import { EMPTY_RECORD, type LogRecord, splitByKind } from './logRecord.ts'
import { NUMBER } from './printedNumbers.ts'
import type { LastCount } from './uncountedLines.ts'

/** The block of values that is open: a heading, then one value per line. Plain data. */
export interface Block {
  /** Null outside a block. */
  split: 'train' | 'eval' | 'test' | null
  /** The count in its heading. */
  step: number | null
}

export function emptyBlock(): Block {
  return { split: null, step: null }
}

/** BasicSR: `Validation Set5`; Coqui: `--> EVAL PERFORMANCE`; others: `Test results:`. */
const HEADING =
  /^[^A-Za-z\d]*(validation|eval|evaluation|test)(?: (?:performance|results?|metrics?|scores?|set\d*|[A-Z][\w-]*)){0,2}\W*$/i
/** Coqui: `--> TIME: 2026-11-20 10:00:00 -- STEP: 5/8 -- GLOBAL_STEP: 25`. */
const COUNTED = /^--> (?:TIME|TRAIN PERFORMAN?CE)\b.* GLOBAL_STEP: (\d{1,15})$/
/** A line of a block: a bullet, a name and a value, perhaps with more in other columns. */
const VALUE = new RegExp(
  String.raw`^[|>#*•-][|>#*• -]*([A-Za-z][\w@./ -]*?): ?(${NUMBER})(?=$|[\s,;%])(.*)$`,
  'i',
)
/** BasicSR repeats the best value and its iteration. */
const BEST = new RegExp(String.raw`^\tBest: (${NUMBER}) @ (\d{1,15}) iter$`)

/**
 * Reads a heading or a line of a block. `unstamped` is a line without a time: only such lines belong to
 * the block before. Undefined for any other line, which ends the block.
 */
export function readBlockLine(
  block: Block,
  text: string,
  { last, isStamped }: { last: LastCount; isStamped: boolean },
): LogRecord[] | undefined {
  if (text === '') return block.split === null ? undefined : []
  const value = block.split === null || isStamped ? undefined : valueOf(block, text, last)
  if (value) return [value]
  const split = HEADING.exec(text)?.[1]?.toLowerCase()
  const counted = COUNTED.exec(text)?.[1]
  block.split =
    counted !== undefined
      ? 'train'
      : split === undefined
        ? null
        : split === 'test'
          ? 'test'
          : 'eval'
  block.step = counted === undefined ? null : Number(counted)
  if (counted !== undefined) last.step = Number(counted)
  return block.split === null ? undefined : []
}

function valueOf(block: Block, text: string, last: LastCount): LogRecord | undefined {
  const [, name, digits, more = ''] = VALUE.exec(text) ?? []
  const value = numberIn(digits)
  const isLater = block.split === 'test' && last.isValidated
  if (name === undefined || value === undefined || block.split === null) return undefined
  const [, best, iteration] = BEST.exec(more.trimEnd()) ?? []
  // If this is the best value so far, its iteration is the present one.
  const named = best !== undefined && numberIn(best) === value ? Number(iteration) : null
  const step = block.step ?? named ?? last.step
  const epoch = step === null || step === last.step ? last.epoch : null
  if (isLater || (step === null && epoch === null)) return EMPTY_RECORD
  const split = block.split === 'train' ? undefined : block.split
  if (split === 'eval') last.isValidated = true
  return { ...EMPTY_RECORD, step, epoch, ...splitByKind([[name, value]], split) }
}
