import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ProcessMark, processStart, isAlive, readIfThere } from './alive.ts'

/**
 * What a run's process.json holds: the process that trains, its attempt, and, where that process
 * leads a group of its own, who started it and is to tell how it ends.
 */
export const RunProcess = ProcessMark.extend({
  attempt: z.number().int().nonnegative(),
  keeper: ProcessMark.optional(),
})

export type RunProcess = z.infer<typeof RunProcess>

/**
 * Asks a run's process to stop, and with it all that it started; returns whether it did, which is
 * left to whoever started it while that one lives.
 */
export function askToStop(run: RunProcess): boolean {
  if (!isAlive(run) || (run.keeper && isAlive(run.keeper))) return false
  return process.kill(run.keeper ? -run.pid : run.pid, 'SIGTERM')
}

/** Whether a run's process has ended, and nobody is there who saw how. */
export function hasEndedUnseen(run: RunProcess): boolean {
  return !isAlive(run) && !(run.keeper && isAlive(run.keeper))
}

/** Whether a process trains in a folder, or somebody is there who started it, as far as is known. */
export function hasLiveProcess(folder: string): boolean {
  const run = readRunProcess(folder)
  return run !== undefined && !hasEndedUnseen(run)
}

/** Says in the run's process.json that this process trains it now. */
export function writeRunProcess(folder: string, attempt: number): RunProcess {
  return writeMark(folder, { ...ownMark(), attempt })
}

/** Says in the run's process.json that a program trains it now which this process started. */
export function writeKeptProcess(folder: string, pid: number): void {
  const started_at = processStart(pid)
  // What has ended already needs no mark.
  if (started_at !== undefined) {
    writeMark(folder, { pid, started_at, attempt: 0, keeper: ownMark() })
  }
}

function ownMark(): ProcessMark {
  const started_at = processStart(process.pid)
  if (started_at === undefined) throw new Error('This process cannot find its own start time.')
  return { pid: process.pid, started_at }
}

function writeMark(folder: string, mark: RunProcess): RunProcess {
  const path = join(folder, 'process.json')
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(mark)}\n`)
  renameSync(`${path}.${process.pid}`, path)
  return mark
}

/** Takes back what process.json says of a process whose end is known. */
export function forgetRunProcess(folder: string): void {
  rmSync(join(folder, 'process.json'), { force: true })
}

/** Whether a run's folder tells, or once told, which process trains there. */
export function hasRunProcess(folder: string): boolean {
  return existsSync(join(folder, 'process.json'))
}

/**
 * Which process trains (or last trained) the run in a folder; undefined where none ever did, or
 * what it wrote cannot be read.
 */
export function readRunProcess(folder: string): RunProcess | undefined {
  const text = readIfThere(join(folder, 'process.json'))
  if (text === undefined) return undefined
  try {
    return RunProcess.parse(JSON.parse(text))
  } catch {
    // A file that a full disk cut short tells as little as one that is not there.
    return undefined
  }
}
