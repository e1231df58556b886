import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { thisMachine } from '@bestmark/db/machine'
import { isGone, ProcessMark, processStart, isAlive, readIfThere } from './alive.ts'

/**
 * The content of a run's process.json: the process that trains and its attempt. `keeper` is the
 * `bestmark run` that started it in its own process group and reports its end.
 */
export const RunProcess = ProcessMark.extend({
  attempt: z.number().int().nonnegative(),
  keeper: ProcessMark.optional(),
})

export type RunProcess = z.infer<typeof RunProcess>

/**
 * Asks a run's process and its children to stop; returns whether the signal was sent. While the
 * keeper runs, the keeper does this instead.
 */
export function askToStop(run: RunProcess): boolean {
  if (!isAlive(run) || (run.keeper && isAlive(run.keeper))) return false
  return process.kill(run.keeper ? -run.pid : run.pid, 'SIGTERM')
}

/** Whether a run's process has ended and its keeper, too, so that nobody saw the end. */
export function hasEndedUnseen(run: RunProcess): boolean {
  return isGone(run) && (run.keeper === undefined || isGone(run.keeper))
}

/** Whether a folder's process or its keeper is known and runs on this machine. */
export function hasLiveProcess(folder: string): boolean {
  const run = readRunProcess(folder)
  return run !== undefined && (isAlive(run) || (run.keeper !== undefined && isAlive(run.keeper)))
}

/**
 * Whether a folder's process or its keeper is known and may run: one of another machine does,
 * because nobody here can see that it has ended.
 */
export function mayHaveLiveProcess(folder: string): boolean {
  const run = readRunProcess(folder)
  return run !== undefined && !hasEndedUnseen(run)
}

/** Whether the process that trains in a folder is known, and is one of another machine or container. */
export function isTrainedElsewhere(folder: string): boolean {
  const run = readRunProcess(folder)
  return run !== undefined && !isAlive(run) && !isGone(run)
}

/** Writes into process.json that this process trains the run. */
export function writeRunProcess(folder: string, attempt: number): RunProcess {
  return writeMark(folder, { ...ownMark(), attempt })
}

/** Writes into process.json that a program started by this process trains the run. */
export function writeKeptProcess(folder: string, pid: number): void {
  const mark = markOf(pid)
  // A process that has ended needs no mark.
  if (mark) writeMark(folder, { ...mark, attempt: 0, keeper: ownMark() })
}

/** The mark of this process. */
export function ownMark(): ProcessMark {
  const own = markOf(process.pid)
  if (own === undefined) throw new Error('This process cannot find its own start time.')
  return own
}

/** The mark of a process; undefined if it has ended. */
export function markOf(pid: number): ProcessMark | undefined {
  const started_at = processStart(pid)
  return started_at === undefined ? undefined : { pid, started_at, machine: thisMachine() }
}

function writeMark(folder: string, mark: RunProcess): RunProcess {
  const path = join(folder, 'process.json')
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(mark)}\n`)
  renameSync(`${path}.${process.pid}`, path)
  return mark
}

/** Removes process.json after the process's end is recorded. */
export function forgetRunProcess(folder: string): void {
  rmSync(join(folder, 'process.json'), { force: true })
}

/** Whether a run's folder has a process.json. */
export function hasRunProcess(folder: string): boolean {
  return existsSync(join(folder, 'process.json'))
}

/**
 * Reads which process trains, or last trained, the run in a folder; undefined if there is no
 * readable process.json.
 */
export function readRunProcess(folder: string): RunProcess | undefined {
  const text = readIfThere(join(folder, 'process.json'))
  if (text === undefined) return undefined
  try {
    return RunProcess.parse(JSON.parse(text))
  } catch {
    // A file that a full disk left incomplete counts as missing.
    return undefined
  }
}
