/** The database cannot be reached or started; the message is one sentence without secrets. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
}

/** Why a database does not do what it is asked, though nothing is wrong with the question. */
export type DatabaseFailure = 'away' | 'slow' | 'read_only' | 'full'

/**
 * What a client, a socket or a server says of a database that was there a moment ago, or is not
 * there just now: its connection broke, it starts or stops, or it takes no more connections.
 */
const AWAY =
  /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|57P0[1235]|08\d{3}|53300|25P03|ECONNRE(SET|FUSED)|EPIPE|ETIMEDOUT|EHOST(UNREACH|DOWN)|ENET(UNREACH|DOWN))$/
/** A server's word for a statement that reached its time limit, and for one that waited for a lock. */
const SLOW = /^(57014|55P03)$/
const READ_ONLY = '25006'
/** A server's word for a disk without room. */
const FULL = '53100'

/** How a database failed, as far as it did and may do better later; undefined for any other error. */
export function databaseFailure(error: unknown): DatabaseFailure | undefined {
  if (isUnavailable(error)) return 'away'
  const codes = codesOf(error)
  if (codes.some((code) => SLOW.test(code))) return 'slow'
  if (codes.includes(FULL)) return 'full'
  return codes.includes(READ_ONLY) ? 'read_only' : undefined
}

/** Whether the database cannot be reached or started; the one answer to "is it away?". */
export function isUnavailable(error: unknown): boolean {
  return isDisconnected(error) || isRefusedAtOpening(error)
}

/**
 * Whether a connection broke or found nobody. Unlike `isUnavailable` it is false where trying again
 * at once is of no use: for a wrong password, a wrong address, or a server that is too old.
 */
export function isDisconnected(error: unknown): boolean {
  return codesOf(error).some((code) => AWAY.test(code))
}

function isRefusedAtOpening(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true
  return error instanceof Error && isRefusedAtOpening(error.cause)
}

/** The error behind a failed query, whose own message repeats the query with all its values. */
export function causeOfQuery(error: unknown): unknown {
  const isQuery = error instanceof Error && 'query' in error && 'params' in error
  return isQuery && error.cause !== undefined ? causeOfQuery(error.cause) : error
}

/** The codes of an error and of what caused it. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const code = 'code' in error ? String(error.code) : ''
  // A socket that is not there is a server that is not.
  const isNoSocket = code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect'
  return [isNoSocket ? 'ECONNREFUSED' : code, ...codesOf(error.cause)]
}
