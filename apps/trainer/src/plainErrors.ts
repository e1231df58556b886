import { awayBy } from '@bestmark/db/unavailable'

/** What the system says of a file, by its code, in words for a person. */
const OF_A_FILE = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EISDIR', 'it is a folder, not a file'],
  ['ENOTDIR', 'a file stands where a folder should be'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['ELOOP', 'its links lead in a loop'],
  ['ENOENT', 'it is not there'],
  ['EMFILE', 'too many files are open'],
  ['ENFILE', 'too many files are open'],
  ['EIO', 'the disk reported an error'],
  ['ENXIO', 'it is a socket or a device, not a file'],
  ['EROFS', 'its disk is read-only'],
  ['ENOSPC', 'its disk is full'],
  ['EDQUOT', 'the quota of its disk is used up'],
  ['ERR_FS_FILE_TOO_LARGE', 'it is too large'],
])

/** What the language itself throws where a file holds more, or other things, than can be read. */
const OF_ITS_CONTENT: readonly (readonly [RegExp, string])[] = [
  [/^Maximum call stack size exceeded/, 'it is nested too deeply'],
  [/^Invalid time value/, 'a time in it is not valid'],
  [/^(Invalid string length|Cannot create a string longer)/, 'it is too large'],
  [/^(Invalid typed array length|Array buffer allocation failed)/, 'it is too large'],
  [/^(Attempt to access memory outside|The value of "offset" is out of range)/, 'it is cut short'],
]

/** The plain words for an error that a person could make nothing of; undefined for any other. */
export function plainErrorText(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  return ofFile(error) ?? ofContent(error) ?? ofSchema(error) ?? ofDatabase(error)
}

/** What is wrong with a file, without its name; undefined for an error of anything else. */
export function fileErrorText(error: unknown): string | undefined {
  const of = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(of instanceof Error)) return undefined
  if ('kind' in of && typeof of.kind === 'string') return `it is ${of.kind}, not a file`
  return OF_A_FILE.get((of as NodeJS.ErrnoException).code ?? '')
}

/** Why a text is no JSON: the line where that shows, where it is known, and none of the text. */
export function jsonErrorText(error: unknown): string {
  const said = error instanceof Error ? error.message : ''
  const line = /\(line (\d+) column \d+\)/.exec(said)?.[1]
  return line === undefined ? 'is not valid JSON' : `is not valid JSON (line ${line})`
}

function ofFile(error: Error): string | undefined {
  const { code, path, syscall } = error as NodeJS.ErrnoException
  // What cannot be connected to is no file.
  const words = syscall === 'connect' ? undefined : OF_A_FILE.get(code ?? '')
  if (words === undefined) return undefined
  return path === undefined ? words : `${words} (${path})`
}

function ofContent({ message }: Error): string | undefined {
  return OF_ITS_CONTENT.find(([said]) => said.test(message))?.[1]
}

/** A schema's complaint is a list in JSON; the field says enough. */
function ofSchema(error: Error): string | undefined {
  if (!('issues' in error) || !Array.isArray(error.issues)) return undefined
  const [first] = error.issues as { path?: readonly PropertyKey[] }[]
  const field = first?.path?.map(String).join('.') || 'its outermost value'
  return `it is not as expected: ${field} is not valid`
}

/** Classes of SQLSTATE in which it is the value that the database refuses. */
const REFUSED_VALUE = /^2[23]/

function ofDatabase(error: Error): string | undefined {
  const of = error.cause instanceof Error && 'severity' in error.cause ? error.cause : error
  if (awayBy(error) === 'full') return 'the disk that holds the database is full'
  const isRefused = 'severity' in of && 'code' in of && REFUSED_VALUE.test(String(of.code))
  return isRefused ? 'the database cannot hold a value that it tells' : undefined
}
