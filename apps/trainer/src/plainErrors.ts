import { databaseFailure } from '@bestmark/db/unavailable'

/** Plain messages for the system's errors of files, by code. */
const FILE_ERRORS = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EISDIR', 'it is a folder, not a file'],
  ['ENOTDIR', 'a folder was expected, but it is a file'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['ELOOP', 'its links form a loop'],
  ['ENOENT', 'it does not exist'],
  ['EMFILE', 'too many files are open'],
  ['ENFILE', 'too many files are open'],
  ['EIO', 'the disk reported an error'],
  ['ENXIO', 'it is a socket or a device, not a file'],
  ['EROFS', 'its disk is read-only'],
  ['ENOSPC', 'its disk is full'],
  ['EDQUOT', 'the quota of its disk is used up'],
  ['ERR_FS_FILE_TOO_LARGE', 'it is too large'],
  ['ERR_PACKED', 'its compressed data is damaged'],
])

/** Plain messages for errors that JavaScript throws when the content of a file is too large or invalid. */
const CONTENT_ERRORS: readonly (readonly [RegExp, string])[] = [
  [/^Maximum call stack size exceeded/, 'it is nested too deeply'],
  [/^Invalid time value/, 'a time in it is not valid'],
  [/^(Invalid string length|Cannot create a string longer)/, 'it is too large'],
  [/^(Invalid typed array length|Array buffer allocation failed)/, 'it is too large'],
  [/^(Attempt to access memory outside|The value of "offset" is out of range)/, 'it is cut short'],
]

/** A plain message for an error that users would not understand; undefined for any other error. */
export function plainErrorText(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  return ofFile(error) ?? ofContent(error) ?? ofSchema(error) ?? ofDatabase(error)
}

/** What is wrong with a file, without its name; undefined if the error is not about a file. */
export function fileErrorText(error: unknown): string | undefined {
  const of = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(of instanceof Error)) return undefined
  if ('kind' in of && typeof of.kind === 'string') return `it is ${of.kind}, not a file`
  return FILE_ERRORS.get((of as NodeJS.ErrnoException).code ?? '')
}

/** Why a text is not JSON, with the line of the error if it is known. It never quotes the text. */
export function jsonErrorText(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  const line = /\(line (\d+) column \d+\)/.exec(message)?.[1]
  return line === undefined ? 'is not valid JSON' : `is not valid JSON (line ${line})`
}

function ofFile(error: Error): string | undefined {
  const { code, path, syscall } = error as NodeJS.ErrnoException
  // A server that refuses a connection is not a file.
  const words = syscall === 'connect' ? undefined : FILE_ERRORS.get(code ?? '')
  if (words === undefined) return undefined
  return path === undefined ? words : `${words} (${path})`
}

function ofContent({ message }: Error): string | undefined {
  return CONTENT_ERRORS.find(([pattern]) => pattern.test(message))?.[1]
}

/** The message of a schema is a list in JSON. The name of the field is enough. */
function ofSchema(error: Error): string | undefined {
  if (!('issues' in error) || !Array.isArray(error.issues)) return undefined
  const [first] = error.issues as { path?: readonly PropertyKey[] }[]
  const field = first?.path?.map(String).join('.') || 'its outermost value'
  return `it has an unexpected form: ${field} is not valid`
}

/** Classes of SQLSTATE in which the database refuses a value. */
const REFUSED_VALUE = /^2[23]/

function ofDatabase(error: Error): string | undefined {
  const of = error.cause instanceof Error && 'severity' in error.cause ? error.cause : error
  if (databaseFailure(error) === 'full') return 'the disk that holds the database is full'
  const isRefused = 'severity' in of && 'code' in of && REFUSED_VALUE.test(String(of.code))
  return isRefused ? 'the database cannot store one of its values' : undefined
}
