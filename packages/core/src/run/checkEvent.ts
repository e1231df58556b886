import { TrainingEvent } from './event.ts'
import { plainMetrics } from './plainMetrics.ts'

/** The longest name and path that file systems accept (characters). */
const LONGEST_NAME = 255
const LONGEST_PATH = 4096

/** An event from a file. Its path must be possible on some file system. */
const FileEvent = TrainingEvent.refine(
  (event) => !('path' in event) || event.path == null || isPossiblePath(event.path),
  { path: ['path'] },
)

function isPossiblePath(path: string): boolean {
  if (path.includes('\0') || path.length > LONGEST_PATH) return false
  return path.split(/[\\/]/).every((name) => name.length <= LONGEST_NAME)
}

/** A field of an event that does not fit the schema. */
export interface InvalidField {
  /** The name of the field, also if it is missing. */
  field: string
  /** What is wrong, as the end of a sentence. */
  why: string
  /** Whether the whole event is skipped, or only the field. */
  skipsEvent: boolean
}

/** An event without its invalid fields; undefined if the event needs one of them. */
export interface CheckedEvent {
  event: TrainingEvent | undefined
  invalid: InvalidField[]
}

const COUNT = `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`
/** What a field must be, for error messages. */
const EXPECTED = new Map([
  ...['step', 'total_steps', 'resumed_from', 'save_steps', 'samples', 'bytes'].map(
    (field): [string, string] => [field, COUNT],
  ),
  ['attempt', `a whole number from 0 to ${2 ** 31 - 1}`],
  ['at', 'a time in milliseconds'],
  ['epoch', 'a finite number'],
  ['total_epochs', 'a finite number'],
])

/** How much of a value a message shows (characters). */
const SHOWN = 40

/**
 * Checks an event that was read from a file. Invalid fields that are optional are left out. An event
 * with an invalid required field is skipped.
 */
export function checkEvent(input: unknown): CheckedEvent {
  const plain = plainMetrics(input)
  if (plain) return { event: plain, invalid: [] }
  const whole = FileEvent.safeParse(input)
  if (whole.success) return { event: whole.data, invalid: [] }
  if (typeof input !== 'object' || input === null) return { event: undefined, invalid: [NO_EVENT] }
  const fields = new Set(whole.error.issues.map(({ path }) => String(path[0] ?? '')))
  if (fields.has('type') || fields.has('')) return { event: undefined, invalid: [NO_EVENT] }
  const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !fields.has(name)))
  const { data: event } = FileEvent.safeParse(rest)
  const values = new Map(Object.entries(input))
  const found = [...fields].map((field) => {
    return { field, why: whyOf(field, values.get(field)), skipsEvent: event === undefined }
  })
  return { event, invalid: event ? found : found.slice(0, 1) }
}

const NO_EVENT: InvalidField = {
  field: 'type',
  why: 'it is not an event of a run',
  skipsEvent: true,
}

function whyOf(field: string, value: unknown): string {
  if (field === 'path' && typeof value === 'string')
    return 'its path is too long, or has a NUL character'
  const expected = EXPECTED.get(field)
  const got = value === undefined ? 'nothing' : shown(value)
  return expected === undefined
    ? `its ${field} is not valid`
    : `${field} must be ${expected}; got ${got}`
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN))
  return Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`
}
