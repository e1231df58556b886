import { type EndCause, endCauseText, isFailure, type SlurmJob } from '@bestmark/core'
import { spawn, type ChildProcess } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { join } from 'node:path'
import { errorText, systemCode } from '../../failure.ts'
import { KeptOutput, type Show } from './keptOutput.ts'
import { writeKeptProcess } from '../../processes/mark.ts'
import type { ProcessEnd } from '../../processes/spawn.ts'
import { describeStartError } from '../../processes/startError.ts'
import { causeWithin } from '../../slurm/endOfJob.ts'
import { causeMark, ERRORS, OUTPUT } from '../../sources/output/runOutput.ts'
import { notify } from '../../cli/terminal.ts'

/** A program whose output is kept and shown. Dispose of it after its end. */
export interface RunningProgram extends Disposable {
  pid: number
  /** Sends a signal to the program and its children. */
  signal: (name: NodeJS.Signals) => void
  /** Moves the output of earlier programs to another file, since it belongs to another run. */
  moveEarlierOutput: () => void
  exited: Promise<ProcessEnd>
}

/** The run of a program. The Python client reads it from the environment. */
export interface StartedFor {
  job_id: string
  folder: string
  /** The Slurm job in which it runs, which Slurm may end. */
  slurm: SlurmJob | undefined
  /** Called after the program has made a new folder. */
  onFolderAnew: () => void
}

/** Shows the outputs of a program. */
export type Outputs = Record<'stdout' | 'stderr', Show>

/**
 * Starts a program in a new process group, and marks it in the run's folder. The program writes its
 * outputs to files there, so it survives the death of this process. The sources read these files, and
 * this process shows them. Rejects if the program cannot be started.
 */
export async function startProgram(
  argv: readonly string[],
  { job_id, folder, slurm, onFolderAnew }: StartedFor,
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
  // If both outputs go to one terminal or file, one file keeps them in their order.
  const stderr = isSameOutput() ? output : errors
  // Python buffers output to a file unless this is set.
  const run = { BESTMARK_JOB_ID: job_id, BESTMARK_RUN_FOLDER: folder }
  const env = { PYTHONUNBUFFERED: '1', ...process.env, ...run }
  const stdio = ['inherit' as const, output.file, stderr.file]
  const failed = (cause: unknown): Error => {
    const why = describeStartError(program, cwd, cause)
    for (const kept of [output, errors]) kept.discard()
    return new Error(why, { cause })
  }
  let child: ChildProcess
  try {
    child = spawn(program, args, { cwd, env, detached: true, stdio })
  } catch (cause) {
    // Some errors are thrown at once, such as too long arguments.
    throw failed(cause)
  }
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(failed(cause)))
    child.once('spawn', () => {
      const exited = untilExit(child, { output, errors, slurm })
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

/** Marks in the run's folder that the program trains there, unless it has just removed the folder. */
function markIn(folder: string, { pid }: ChildProcess): void {
  try {
    if (pid !== undefined) writeKeptProcess(folder, pid)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** Whether both outputs of this process are one terminal, or one file. */
function isSameOutput(): boolean {
  const [out, err] = [fstatSync(process.stdout.fd), fstatSync(process.stderr.fd)]
  return out.dev === err.dev && out.ino === err.ino
}

/** What shows how a program ends. */
interface Ending {
  output: KeptOutput
  errors: KeptOutput
  slurm: SlurmJob | undefined
}

async function untilExit(
  child: ChildProcess,
  { output, errors, slurm }: Ending,
): Promise<ProcessEnd> {
  const over = new AbortController()
  const showing = [output, errors].map((kept) => kept.showUntil(over.signal))
  const end = await new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  over.abort()
  try {
    await Promise.all(showing)
    const cause = slurm && (await causeWithin(slurm))
    output.mark(ending(end, errors.failureText || output.failureText, cause))
    for (const kept of [output, errors]) kept.finish()
  } catch (error) {
    // An error such as a full disk must not hide how the program ended.
    notify(`bestmark: Cannot store how the program ended: ${errorText(error)}`)
  }
  return end
}

function signalGroup({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    // The program has ended.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** How a program ended, as the text of the last mark in its log. */
function ending({ code, signal }: ProcessEnd, last: string, cause: EndCause | undefined): string {
  if (cause) {
    const failed = isFailure(cause) ? `: ${endCauseText(cause)}` : ''
    return `${failed ? 'failed' : 'stopped'}${causeMark(cause)}${failed}`
  }
  if (code === 0) return 'completed'
  if (signal === 'SIGTERM' || signal === 'SIGINT' || code === 143 || code === 130) return 'stopped'
  const how = signal ? `was killed by ${signal}` : `ended with exit code ${code}`
  return `failed: The program ${how}${last ? `; last output: ${last.slice(0, 500)}` : ''}`
}
