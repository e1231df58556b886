import { spawn, type ChildProcess } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { join } from 'node:path'
import { errorText, systemCode } from '../../failure.ts'
import { KeptOutput, type Show } from './keptOutput.ts'
import { writeKeptProcess } from '../../processes/mark.ts'
import type { ProcessEnd } from '../../processes/spawn.ts'
import { describeStartError } from '../../processes/startError.ts'
import { ERRORS, OUTPUT } from '../../sources/output/textLog.ts'
import { notify } from '../../cli/terminal.ts'

/** A program whose output is kept and shown; to be disposed of once it has ended. */
export interface RunningProgram extends Disposable {
  pid: number
  /** Passed to the program and all that it started. */
  signal: (name: NodeJS.Signals) => void
  /** The output of programs that ran in the folder before is of another run. */
  moveEarlierOutput: () => void
  exited: Promise<ProcessEnd>
}

/** The run that a program is started for; its client learns it from the environment. */
export interface StartedFor {
  job_id: string
  folder: string
  /** Called once the folder was made anew. */
  onFolderAnew: () => void
}

/** Where a program's outputs are shown. */
export type Outputs = Record<'stdout' | 'stderr', Show>

/**
 * Starts a program in a process group of its own, and says so in the run's folder. It writes its
 * outputs there itself, so that it goes on where this process dies; from there the sources read
 * them, and they are shown here. Rejects where it cannot be started.
 */
export async function startProgram(
  argv: readonly string[],
  { job_id, folder, onFolderAnew }: StartedFor,
  cwd: string,
  shown: Outputs,
): Promise<RunningProgram> {
  const [program = '', ...args] = argv
  const mark = (): void => markIn(folder, child)
  const onBack = (): void => {
    mark()
    onFolderAnew()
  }
  const output = new KeptOutput(join(folder, OUTPUT), shown.stdout, onBack)
  const errors = new KeptOutput(join(folder, ERRORS), shown.stderr)
  const at = new Date()
  for (const kept of [output, errors]) kept.mark(`started: ${argv.join(' ')}`, at)
  // Shown in one place, they are kept in one file, in the order in which they came.
  const stderr = isOnePlace() ? output : errors
  // Python would keep a block of output to itself where nobody looks on.
  const run = { BESTMARK_JOB_ID: job_id, BESTMARK_RUN_FOLDER: folder }
  const env = { PYTHONUNBUFFERED: '1', ...process.env, ...run }
  const stdio = ['inherit' as const, output.file, stderr.file]
  const failed = (cause: unknown): Error => {
    const why = describeStartError(program, cwd, cause)
    output.mark(`failed: ${why}`)
    return new Error(why, { cause })
  }
  let child: ChildProcess
  try {
    child = spawn(program, args, { cwd, env, detached: true, stdio })
  } catch (cause) {
    // Some of what the system says is thrown at once, such as that the arguments are too long.
    throw failed(cause)
  }
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(failed(cause)))
    child.once('spawn', () => {
      const exited = untilExit(child, output, errors)
      mark()
      const signal = (name: NodeJS.Signals): void => signalGroup(child, name)
      const moveEarlierOutput = (): void => {
        for (const kept of [output, errors]) kept.moveEarlierOutput()
      }
      const dispose = (): void => {
        for (const kept of [output, errors]) kept[Symbol.dispose]()
      }
      const { pid } = child
      if (pid === undefined) return
      resolve({ pid, exited, signal, moveEarlierOutput, [Symbol.dispose]: dispose })
    })
  })
}

/** Says in the run's folder that the program trains there, unless it has just removed the folder. */
function markIn(folder: string, { pid }: ChildProcess): void {
  try {
    if (pid !== undefined) writeKeptProcess(folder, pid)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** Whether both outputs of this process are one terminal, or one file. */
function isOnePlace(): boolean {
  const [out, err] = [fstatSync(process.stdout.fd), fstatSync(process.stderr.fd)]
  return out.dev === err.dev && out.ino === err.ino
}

async function untilExit(
  child: ChildProcess,
  output: KeptOutput,
  errors: KeptOutput,
): Promise<ProcessEnd> {
  const over = new AbortController()
  const showing = [output, errors].map((kept) => kept.showUntil(over.signal))
  const end = await new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  over.abort()
  try {
    await Promise.all(showing)
    output.mark(ending(end, errors.failureText || output.failureText))
    for (const kept of [output, errors]) kept.finish()
  } catch (error) {
    // A full disk is no reason to keep the program's own end to ourselves.
    notify(`bestmark: how the program ended could not be noted: ${errorText(error)}`)
  }
  return end
}

function signalGroup({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    // It ended in between.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** How a program ended, in the words that the log is marked with. */
function ending({ code, signal }: ProcessEnd, last: string): string {
  if (code === 0) return 'completed'
  if (signal === 'SIGTERM' || signal === 'SIGINT' || code === 143 || code === 130) return 'stopped'
  const how = signal ? `was killed by ${signal}` : `ended with exit code ${code}`
  return `failed: The program ${how}${last ? `; last output: ${last.slice(0, 500)}` : ''}`
}
