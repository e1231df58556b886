import { closeSync, openSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readRunProcess, type RunProcess, writeRunProcess } from './mark.ts'
import { isAlive } from './alive.ts'

/** Exit code of a child if another process trains its run (EX_TEMPFAIL, "try later", in sysexits.h). */
export const TAKEN = 75
/** A lock is held only while a small file is written; an older lock was left by a crash (ms). */
const HELD = 10_000
const RETRY_EVERY = 10

/**
 * Marks this process as the one that trains in a folder. If another process already trains there,
 * returns that process instead. If several processes try at once, one succeeds.
 */
export function claimRun(folder: string, attempt: number): RunProcess | undefined {
  const lock = join(folder, 'process.lock')
  const since = Date.now()
  while (!created(lock)) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_EVERY)
    const held = statSync(lock, { throwIfNoEntry: false })
    // The clock of another machine may be ahead, so the waiting time counts too.
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
