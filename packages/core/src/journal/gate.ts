import { ownValue, setOwn } from '../named.ts'
import { checkEvent, type InvalidField } from '../run/checkEvent.ts'
import type { TrainingEvent } from '../run/event.ts'
import type { ReaderCode } from '../run/readerCode.ts'
import { readerNote } from '../run/readerNote.ts'
import { LONGEST_LINE } from './line.ts'

/** What a reader found in one record: events, or misfits that cannot become events. */
export type Found = TrainingEvent | InvalidField

/** Where a record is in a file of the run; without a number it means the whole file. */
export interface RecordOrigin {
  file: string
  /** From 1. */
  line?: number | null
  /** Offset of its first byte. */
  byte?: number
}

/** What was skipped of one kind in one file. Cursors store this, so its fields keep their names. */
interface Skip {
  count: number
  /** The count at the last warning; 0 before the first one. */
  reported: number
  /** The origin of the first one, in words. */
  origin: string
  why: string
  isWhole: boolean
}

/** What was skipped so far, by file and kind. */
export type Skips = Record<string, Skip>

/** A misfit of a whole record: its kind, and what is wrong as the end of a sentence. */
export function misfit(field: string, why: string): InvalidField {
  return { field, why, skipsEvent: true }
}

/** A row without a step or an epoch. */
export function noStep(of: 'step' | 'epoch' = 'step'): InvalidField {
  return misfit(of, `it has no ${of}`)
}

/** A line that is too long for memory. */
export function tooLong(): InvalidField {
  return misfit('line', `it is longer than ${LONGEST_LINE >> 20} MB`)
}

/** A last line that ends within a number. */
export function cutShort(): InvalidField {
  return {
    field: 'end',
    why: 'the line is cut short, so its last number is ignored',
    skipsEvent: false,
  }
}

/** Skips a file that cannot be read; one warning reports it. */
export function skipFile(skips: Skips, file: string, why: string): void {
  const key = `${file}\nfile`
  if (ownValue(skips, key) === undefined) skip(skips, misfit('file', why), { file })
}

/**
 * The one gate between a run's files and the board or a choice. What does not fit the schema of
 * events is skipped and counted; `skipWarnings` reports it.
 */
export function admit(
  skips: Skips,
  found: readonly object[],
  origin: RecordOrigin,
): TrainingEvent[] {
  const admitted: TrainingEvent[] = []
  for (const one of found) {
    const { event, invalid } = isMisfit(one)
      ? { event: undefined, invalid: [one] }
      : checkEvent(one)
    if (event) admitted.push(event)
    for (const each of invalid) skip(skips, each, origin)
  }
  return admitted
}

function isMisfit(one: object): one is InvalidField {
  return 'why' in one && 'skipsEvent' in one
}

function skip(skips: Skips, { field, why, skipsEvent }: InvalidField, at: RecordOrigin): void {
  const key = `${at.file}\n${field}`
  const earlier = ownValue(skips, key)
  if (earlier) earlier.count++
  else
    setOwn(skips, key, {
      count: 1,
      reported: 0,
      origin: describeOrigin(at),
      why,
      isWhole: skipsEvent,
    })
}

function describeOrigin({ file, line, byte }: RecordOrigin): string {
  if (byte !== undefined) return `the record at byte ${byte} of ${file}`
  return line == null ? file : `line ${line} of ${file}`
}

/** A kind is reported again when its count is this many times larger. */
const REPORT_AGAIN = 10

/** Warnings about new skips, one per kind and file; `skips` then marks them as reported. */
export function skipWarnings(skips: Skips, attempt: number): TrainingEvent[] {
  const due = Object.entries(skips).filter(
    ([, { count, reported }]) => count >= Math.max(1, reported * REPORT_AGAIN),
  )
  return due.map(([key, one]) => {
    one.reported = one.count
    return readerNote(attempt, { code: codeOf(key, one), text: textOf(one) })
  })
}

/** The kind of a skip is the end of its key. */
function codeOf(key: string, { isWhole }: Skip): ReaderCode {
  const field = key.split('\n').at(-1)
  if (field === 'end') return 'number_cut'
  if (!isWhole) return 'fields_ignored'
  return field === 'file' ? 'file_skipped' : 'records_skipped'
}

function textOf({ count, origin, why, isWhole }: Skip): string {
  const others = count === 1 ? '' : ` and ${count - 1} more`
  return isWhole
    ? `Skipped ${origin}${others}: ${why}.`
    : `Ignored a field of ${origin}${others}: ${why}.`
}

/** Passes a whole history through the gate; adds warnings about skips. */
export function admitAll(found: readonly object[], file: string): TrainingEvent[] {
  const skips: Skips = {}
  const events = found.flatMap((one) => admit(skips, [one], originIn(one, file)))
  const attempt = events.reduce((last, event) => Math.max(last, event.attempt), 0)
  return [...events, ...skipWarnings(skips, attempt)]
}

/** The origin of an evaluation, or for other events the file of the history. */
function originIn(one: object, file: string): RecordOrigin {
  const hasOrigin = 'origin' in one && typeof one.origin === 'object' && one.origin !== null
  // Only our readers write origins, always with both fields.
  return hasOrigin ? (one.origin as { file: string; line: number | null }) : { file }
}
