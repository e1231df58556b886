import { closeSync, openSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readRunProcess, type RunProcess, writeRunProcess } from './mark.ts'
import { isAlive } from './alive.ts'

/** Exit code of a child that found its run in another's hands, as sysexits.h has it for "try later". */
export const TAKEN = 75
/** It is held for as long as a small file takes to write; an older one was left by a crash (ms). */
const HELD = 10_000
const LOOK_AGAIN = 10

/**
 * Makes this process the one that trains in a folder, unless one lives that does: that one is
 * returned. Of several that try at once one succeeds.
 */
export function claimRun(folder: string, attempt: number): RunProcess | undefined {
  const lock = join(folder, 'process.lock')
  const since = Date.now()
  while (!created(lock)) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN)
    const held = statSync(lock, { throwIfNoEntry: false })
    // Another machine's clock may be ahead, so the wait itself counts as well.
    const oldest = Math.min(since, held?.mtimeMs ?? since)
    if (Date.now() - oldest > HELD) rmSync(lock, { force: true })
  }
  try {
    const other = readRunProcess(folder)
    if (other && isAlive(other)) return other
    writeRunProcess(folder, attempt)
    return undefined
  } finally {
    rmSync(lock, { force: true })
  }
}

function created(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx'))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
