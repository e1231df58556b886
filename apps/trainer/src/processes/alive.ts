import { execFileSync } from 'node:child_process'
import { closeSync, readFileSync } from 'node:fs'
import { type Machine, sharesProcesses, thisMachine } from '@bestmark/db/machine'
import { z } from 'zod'
import { systemCode } from '../failure.ts'
import { openFile } from '../files/runFile.ts'

/** The machine and container of a process. */
const Where = z.object({
  hostname: z.string(),
  machine_id: z.string().nullable(),
  boot_id: z.string().nullable(),
  pid_namespace: z.string().nullable(),
}) satisfies z.ZodType<Machine>

/**
 * Identifies a process, even if a later process gets the same pid. Without `machine`, as earlier
 * versions wrote it, the process is looked for on this machine.
 */
export const ProcessMark = z.object({
  pid: z.number().int().positive(),
  started_at: z.string(),
  machine: Where.optional(),
})

export type ProcessMark = z.infer<typeof ProcessMark>

/**
 * The start time of a process as the system gives it: a text to compare, not to show. Undefined if
 * there is no such process, or only its zombie.
 */
export function processStart(pid: number): string | undefined {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid)
}

/** Sends a signal to the marked process if it runs. */
export function signalProcess(mark: ProcessMark, name: 'SIGTERM' | 'SIGKILL'): void {
  if (isAlive(mark)) process.kill(mark.pid, name)
}

/** Whether there is a process with this id here, maybe a zombie or a later one: the cheapest look. */
export function hasProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

/** Whether the marked process runs on this machine. */
export function isAlive(mark: ProcessMark): boolean {
  return isSeenFromHere(mark) && processStart(mark.pid) === mark.started_at
}

/**
 * Whether the marked process has ended. False for a process of another machine or container, which
 * cannot be seen from here.
 */
export function isGone(mark: ProcessMark): boolean {
  return isSeenFromHere(mark) && processStart(mark.pid) !== mark.started_at
}

function isSeenFromHere({ machine }: ProcessMark): boolean {
  return machine === undefined || sharesProcesses(machine, thisMachine())
}

function startFromProc(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command's name is in brackets and may contain brackets; the state follows the last one.
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
      throw new Error('Cannot see which processes run: the ps command is missing. Install it.', {
        cause: error,
      })
    }
    return undefined
  }
}

export function readIfThere(path: string): string | undefined {
  try {
    const file = openFile(path)
    try {
      return readFileSync(file, 'utf8')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    // Anything unreadable counts as missing.
    if (['EISDIR', 'ENXIO', 'EACCES', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined
    // Reading gives ESRCH if the process ends meanwhile.
    if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) return undefined
    throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
