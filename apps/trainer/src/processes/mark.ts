import { execFileSync, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../failure.ts'
import { openFile } from '../files/runFile.ts'
import { unstartedWords } from './starting.ts'

/** A process that cannot be mistaken for a later one with the same pid. */
export const ProcessMark = z.object({ pid: z.number().int().positive(), started_at: z.string() })
export type ProcessMark = z.infer<typeof ProcessMark>

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
 * When a process started, as its system tells it: a text to compare, not a time to show.
 * Undefined where there is no such process, or only a zombie of it.
 */
export function processStart(pid: number): string | undefined {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid)
}

/** Sends the marked process a signal, where it still lives. */
export function signalProcess(mark: ProcessMark, name: 'SIGTERM' | 'SIGKILL'): void {
  if (isAlive(mark)) process.kill(mark.pid, name)
}

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
export function isDriven(folder: string): boolean {
  const run = readRunProcess(folder)
  return run !== undefined && !hasEndedUnseen(run)
}

/** Whether the marked process itself still lives. */
export function isAlive(mark: ProcessMark): boolean {
  return processStart(mark.pid) === mark.started_at
}

function startFromProc(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command's name stands in brackets and may hold anything; the state follows the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, ticksSinceBoot] = [fields[0], fields[19]]
  if (state === 'Z' || state === 'X' || ticksSinceBoot === undefined) return undefined
  return `${readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? ''}/${ticksSinceBoot}`
}

function startFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [, state, start] = /^(\S+)\s+(.+?)\s*$/.exec(line) ?? []
    return state?.startsWith('Z') ? undefined : start
  } catch (error) {
    if (isCode(error, 'ENOENT')) {
      throw new Error(
        'Whether a process lives cannot be told without the ps command; install it.',
        {
          cause: error,
        },
      )
    }
    return undefined
  }
}

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessEnd {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process that outlives its starter; `exited` is told for as long as the starter lives. */
export interface DetachedProcess {
  pid: number
  exited: Promise<ProcessEnd>
  /** Sends it a signal; nothing happens once it has ended, whoever has its pid then. */
  signal: (name: 'SIGTERM' | 'SIGKILL') => void
}

/**
 * Starts a program that outlives its starter: in a process group of its own, with both outputs
 * appended to a file. Rejects where it cannot be started.
 */
export function spawnDetached(
  argv: readonly string[],
  options: { cwd: string; logFile: string; env?: NodeJS.ProcessEnv },
): Promise<DetachedProcess> {
  const [program, ...args] = argv
  if (program === undefined) throw new Error('A program to start must be named.')
  const log = openSync(options.logFile, 'a')
  return new Promise<DetachedProcess>((resolve, reject) => {
    const { cwd, env = process.env } = options
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', log, log] })
    const exited = new Promise<ProcessEnd>((ended) => {
      child.once('exit', (code, signal) => ended({ code, signal }))
    })
    child.once('spawn', () => {
      child.unref()
      const signal = (name: NodeJS.Signals): void => void child.kill(name)
      if (child.pid !== undefined) resolve({ pid: child.pid, exited, signal })
    })
    child.once('error', (cause) => {
      reject(new Error(unstartedWords(program, cwd, cause), { cause }))
    })
  }).finally(() => closeSync(log))
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

function readIfThere(path: string): string | undefined {
  try {
    const file = openFile(path)
    try {
      return readFileSync(file, 'utf8')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    // What else lies under the name tells as little.
    if (['EISDIR', 'ENXIO', 'EACCES', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined
    // A process that ends while its file is read answers ESRCH.
    if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) return undefined
    throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
