import { TrainingEvent } from './event.ts'

/** So long are a name and a path at most, on whatever file system (characters). */
const LONGEST_NAME = 255
const LONGEST_PATH = 4096

/** An event as a file may tell it: what it names must be able to lie somewhere. */
const Told = TrainingEvent.refine(
  (event) => !('path' in event) || event.path === null || canLie(event.path),
  { path: ['path'] },
)

function canLie(path: string): boolean {
  if (path.includes('\0') || path.length > LONGEST_PATH) return false
  return path.split(/[\\/]/).every((name) => name.length <= LONGEST_NAME)
}

/** What of an event does not fit its schema. */
export interface Misfit {
  /** The field of the event, or what there is none of. */
  field: string
  /** What is wrong, as the end of a sentence. */
  why: string
  /** Whether the whole event had to be skipped, and not the field alone. */
  isWhole: boolean
}

/** An event as far as it fits; undefined where nothing of it does. */
export interface Fitted {
  event: TrainingEvent | undefined
  misfits: Misfit[]
}

const COUNT = `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`
/** What a field takes, where a person may wonder. */
const TAKES = new Map([
  ...['step', 'total_steps', 'resumed_from', 'save_steps', 'samples', 'bytes'].map(
    (field): [string, string] => [field, COUNT],
  ),
  ['attempt', `a whole number from 0 to ${2 ** 31 - 1}`],
  ['at', 'a time in milliseconds'],
  ['epoch', 'a finite number'],
  ['total_epochs', 'a finite number'],
])

/** So much of a value is shown (characters). */
const SHOWN = 40

/**
 * The gate for everything that a file tells of a run: the event as its schema has it, without the
 * fields that do not fit and can be missed. An event that cannot be without them is none.
 */
export function fitted(said: unknown): Fitted {
  const whole = Told.safeParse(said)
  if (whole.success) return { event: whole.data, misfits: [] }
  if (typeof said !== 'object' || said === null) return { event: undefined, misfits: [NO_EVENT] }
  const fields = new Set(whole.error.issues.map(({ path }) => String(path[0] ?? '')))
  if (fields.has('type') || fields.has('')) return { event: undefined, misfits: [NO_EVENT] }
  const rest = Object.fromEntries(Object.entries(said).filter(([name]) => !fields.has(name)))
  const { data: event } = Told.safeParse(rest)
  const values = new Map(Object.entries(said))
  const misfits = [...fields].map((field) => {
    return { field, why: whyOf(field, values.get(field)), isWhole: event === undefined }
  })
  return { event, misfits: event ? misfits : misfits.slice(0, 1) }
}

const NO_EVENT: Misfit = { field: 'type', why: 'it is not an event of a run', isWhole: true }

function whyOf(field: string, value: unknown): string {
  if (field === 'path' && typeof value === 'string') return 'no file system can hold its path'
  const takes = TAKES.get(field)
  const got = value === undefined ? 'nothing' : shown(value)
  return takes === undefined ? `its ${field} is not valid` : `${field} must be ${takes}; got ${got}`
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN))
  return Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`
}
