import { createHash } from 'node:crypto'
import { join } from 'node:path'

/** The paths of an embedded server. */
export interface ServerPaths {
  /** The folder of all paths below, except a socket whose path would be too long. */
  home: string
  data: string
  /** The folder of the socket, 0700. */
  socketFolder: string
  socket: string
  log: string
}

/** The major version of the binaries. Another major version cannot read its files. */
export const MAJOR = 18
const PORT = 5432

/** The kernel's limit for the path of a socket, with its name: 107 bytes (103 on macOS). */
const LONGEST_SOCKET = 100

/** The server paths in a folder, the same for every process. */
export function serverPathsIn(home: string): ServerPaths {
  const name = `.s.PGSQL.${PORT}`
  const near = join(home, 'run')
  const fits = Buffer.byteLength(join(near, name)) <= LONGEST_SOCKET
  const socketFolder = fits ? near : `/tmp/bestmark-${digestOf(home)}`
  return {
    home,
    data: join(home, `postgres-${MAJOR}`),
    socketFolder,
    socket: join(socketFolder, name),
    log: join(home, 'postgres.log'),
  }
}

/** A short name for a folder, the same for every process. */
export function digestOf(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16)
}
