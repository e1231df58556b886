import { TRPCError } from '@trpc/server'

const STATUS: Partial<Record<TRPCError['code'], number>> = {
  NOT_FOUND: 404,
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
}

/** Codes of Node and Postgres that say: the database is not there (any more, or yet). */
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  '57P01',
  '57P02',
  '57P03',
])

/** What the reader of a page is told of an error, and with which status. */
export function explained(error: unknown): { status: number; message: string } {
  if (databaseAway(error)) {
    reported(error)
    return { status: 503, message: 'The database cannot be reached.' }
  }
  const status = error instanceof TRPCError ? STATUS[error.code] : undefined
  if (status !== undefined && error instanceof Error) return { status, message: error.message }
  reported(error)
  return { status: 500, message: 'Something went wrong in Bestmark itself; its log says what.' }
}

/** Whether an error, or what caused it, is that the database is not there. */
function databaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return error.name === 'DatabaseUnavailable' || AWAY.has(code) || databaseAway(error.cause)
}

let last = ''
let ending = false

/** Prints nothing from here on: what breaks off because the server stops is no fault. */
export function endReports(): void {
  ending = true
}

/** Prints an error, once for as long as it is the same. */
export function reported(error: unknown): void {
  if (ending) return
  const root = rootOf(error)
  const text = databaseAway(error) ? root.message : (root.stack ?? root.message)
  if (text !== last) process.stderr.write(`${text}\n`)
  last = text
}

function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  return error.cause instanceof Error ? rootOf(error.cause) : error
}
