import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ServerPaths } from './serverPaths.ts'

/** The exit code of a server that found the lock taken. */
export const TAKEN = 75

/** Removes the files before `--`, then runs the program after it. */
export const REMOVE_THEN_RUN =
  'while [ "$1" != -- ]; do rm -f -- "$1"; shift; done; shift; exec "$@"'

/**
 * The prefix of a command that runs it under a lock on the database files. The server and its helpers
 * inherit the lock, so the kernel keeps it while one of them lives, in any container. Undefined if
 * the machine or its file system has no such lock.
 */
export async function lockedBy(paths: ServerPaths): Promise<string[] | undefined> {
  const words = ['--no-fork', '--nonblock', '--conflict-exit-code', String(TAKEN), lockFile(paths)]
  const isAble = await promisify(execFile)('flock', [...words, 'true']).then(
    () => true,
    ({ code }: { code?: unknown }) => code === TAKEN,
  )
  return isAble ? ['flock', ...words] : undefined
}

/** A file that every cluster has and that its server never replaces. */
function lockFile({ data }: ServerPaths): string {
  return join(data, 'PG_VERSION')
}
