import { unavailableSentence } from '@bestmark/api/board'
import { TRPCError } from '@trpc/server'

const STATUS: Partial<Record<TRPCError['code'], number>> = {
  NOT_FOUND: 404,
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
}

/** The status and message of an error for the reader of a page. */
export function describeError(error: unknown): { status: number; message: string } {
  const unavailable = unavailableSentence(error)
  if (unavailable !== undefined) {
    logError(error)
    return { status: 503, message: unavailable }
  }
  const status = error instanceof TRPCError ? STATUS[error.code] : undefined
  if (status !== undefined && error instanceof Error) return { status, message: error.message }
  logError(error)
  return { status: 500, message: 'Bestmark has an internal error. Its log has the details.' }
}

let last = ''
let ending = false

/** Stops logging: errors during the stop of the server are expected. */
export function stopLogging(): void {
  ending = true
}

/** Prints an error; the same error in a row is printed once. */
export function logError(error: unknown): void {
  if (ending) return
  const root = rootOf(error)
  const text = unavailableSentence(error) ? root.message : (root.stack ?? root.message)
  if (text !== last) process.stderr.write(`${text}\n`)
  last = text
}

/** Prints why a request of the API failed, unless the caller caused it or its reader has left. */
export function reportFailure({ signal }: Request): (error: TRPCError) => void {
  return (error) => {
    const isOurs = error.code === 'INTERNAL_SERVER_ERROR' || error.code === 'SERVICE_UNAVAILABLE'
    if (isOurs && !signal.aborted) logError(error)
  }
}

function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  return error.cause instanceof Error ? rootOf(error.cause) : error
}
