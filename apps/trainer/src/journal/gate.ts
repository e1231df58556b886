import { checkEvent, type InvalidField, ownValue, setOwn, type TrainingEvent } from '@bestmark/core'
import { LONGEST_LINE } from '../files/lines.ts'
import { readerNote } from '../sources/events/newEvents.ts'

/** What a reader found of one record: events, and what there is of it that none can be made of. */
export type Found = TrainingEvent | InvalidField

/** Where a record stands in a file of the run; without either number it is of the file as a whole. */
export interface RecordOrigin {
  file: string
  /** From 1. */
  line?: number | null
  /** Offset of its first byte. */
  byte?: number
}

/** What was skipped of one kind in one file; plain data, since it is kept with the cursor. */
interface Skip {
  count: number
  /** How many there were when it was last told; 0 where it was not yet. */
  told: number
  /** Of the first one. */
  place: string
  why: string
  isWhole: boolean
}

/** What was skipped so far, by file and kind. */
export type Skips = Record<string, Skip>

/** A misfit that tells its kind by a word, and what is wrong as the end of a sentence. */
export function misfit(field: string, why: string): InvalidField {
  return { field, why, skipsEvent: true }
}

/** A row of a table or a log without the number that it is placed by. */
export function noStep(of: 'step' | 'epoch' = 'step'): InvalidField {
  return misfit(of, `it has no ${of}`)
}

/** A line that is too long to be held. */
export function tooLong(): InvalidField {
  return misfit('line', `it is longer than ${LONGEST_LINE >> 20} MB`)
}

/** A file that cannot be read is left out, and told once. */
export function skipFile(skips: Skips, file: string, words: string): void {
  const key = `${file}\nfile`
  if (ownValue(skips, key) === undefined) skip(skips, misfit('file', words), { file })
}

/**
 * The one gate on the way from a run's files to the board and to a choice: what does not fit into
 * the schema of events is skipped, counted, and told once by `told`.
 */
export function admit(
  skips: Skips,
  found: readonly object[],
  place: RecordOrigin,
): TrainingEvent[] {
  const admitted: TrainingEvent[] = []
  for (const one of found) {
    const { event, invalid } = isMisfit(one)
      ? { event: undefined, invalid: [one] }
      : checkEvent(one)
    if (event) admitted.push(event)
    for (const each of invalid) skip(skips, each, place)
  }
  return admitted
}

function isMisfit(one: object): one is InvalidField {
  return 'why' in one && 'skipsEvent' in one
}

function skip(skips: Skips, { field, why, skipsEvent }: InvalidField, at: RecordOrigin): void {
  const key = `${at.file}\n${field}`
  const known = ownValue(skips, key)
  if (known) known.count++
  else
    setOwn(skips, key, { count: 1, told: 0, place: describeOrigin(at), why, isWhole: skipsEvent })
}

function describeOrigin({ file, line, byte }: RecordOrigin): string {
  if (byte !== undefined) return `the record at byte ${byte} of ${file}`
  return line == null ? file : `line ${line} of ${file}`
}

/** What was skipped is told again only once there is this many times as much of it. */
const AGAIN = 10

/** Warnings of what was skipped and not told yet, one a kind and file; `skips` then knows them told. */
export function skipWarnings(skips: Skips, attempt: number): TrainingEvent[] {
  const due = Object.values(skips).filter(({ count, told }) => count >= Math.max(1, told * AGAIN))
  return due.map((one) => {
    one.told = one.count
    return readerNote(attempt, textOf(one))
  })
}

function textOf({ count, place, why, isWhole }: Skip): string {
  const others = count === 1 ? '' : ` and ${count - 1} more`
  return isWhole
    ? `Skipped ${place}${others}: ${why}.`
    : `Ignored a field of ${place}${others}: ${why}.`
}

/** A whole history through the gate, with the warnings of what was skipped. */
export function admitAll(found: readonly object[], file: string): TrainingEvent[] {
  const skips: Skips = {}
  const events = found.flatMap((one) => admit(skips, [one], originIn(one, file)))
  const attempt = events.reduce((last, event) => Math.max(last, event.attempt), 0)
  return [...events, ...skipWarnings(skips, attempt)]
}

/** An evaluation tells where it stands; other events are of the file that the history is of. */
function originIn(one: object, file: string): RecordOrigin {
  const isPlaced = 'origin' in one && typeof one.origin === 'object' && one.origin !== null
  // Written by our own readers, which tell both.
  return isPlaced ? (one.origin as { file: string; line: number | null }) : { file }
}
