/** The database cannot be reached or started; the message is one sentence without secrets. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
}

/** Why a database cannot run a valid query. */
export type DatabaseFailure = 'away' | 'slow' | 'read_only' | 'full'

/**
 * Error codes of a database that cannot be reached now: its connection broke, it starts or stops, it
 * accepts no more connections, or a pool cannot reach it (08P01).
 */
const AWAY =
  /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|57P0[1235]|08[\dP]\d\d|53300|25P03|ECONNRE(SET|FUSED)|EPIPE|ETIMEDOUT|EHOST(UNREACH|DOWN)|ENET(UNREACH|DOWN))$/
/** Error codes of a statement that reached its time limit, or waited too long for a lock. */
const SLOW = /^(57014|55P03)$/
const READ_ONLY = '25006'
/** The error code for a full disk. */
const FULL = '53100'

/** How a database failed, if trying again later may help; undefined for any other error. */
export function databaseFailure(error: unknown): DatabaseFailure | undefined {
  if (isUnavailable(error)) return 'away'
  const codes = codesOf(error)
  if (codes.some((code) => SLOW.test(code))) return 'slow'
  if (codes.includes(FULL)) return 'full'
  return codes.includes(READ_ONLY) ? 'read_only' : undefined
}

/** Whether the database cannot be reached or started. */
export function isUnavailable(error: unknown): boolean {
  return isDisconnected(error) || isRefusedAtOpening(error)
}

/**
 * Whether a connection broke or no server listened. Unlike `isUnavailable`, it is false if trying
 * again does not help: a wrong password, a wrong address, or a server that is too old.
 */
export function isDisconnected(error: unknown): boolean {
  return codesOf(error).some((code) => AWAY.test(code))
}

function isRefusedAtOpening(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true
  return error instanceof Error && isRefusedAtOpening(error.cause)
}

/** The cause of a failed query. The error of the query itself repeats all values of the query. */
export function causeOfQuery(error: unknown): unknown {
  const isQuery = error instanceof Error && 'query' in error && 'params' in error
  return isQuery && error.cause !== undefined ? causeOfQuery(error.cause) : error
}

/** Whether the server cannot run such a statement, as Citus some that Postgres can. */
export function isUnsupported(error: unknown): boolean {
  return codesOf(error).includes('0A000')
}

/** The codes of an error and of its causes. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const code = 'code' in error ? String(error.code) : ''
  // If the socket is missing, no server runs.
  const isNoSocket = code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect'
  return [isNoSocket ? 'ECONNREFUSED' : code, ...codesOf(error.cause)]
}
