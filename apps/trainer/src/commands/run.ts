import { randomUUID } from 'node:crypto'
import { mkdir, realpath } from 'node:fs/promises'
import { constants } from 'node:os'
import { basename, join } from 'node:path'
import { registerJob, watch, type Database } from '@bestmark/db'
import { callerPath, millisecondsOf, parseWords } from '../arguments.ts'
import { openBoard, type Board } from '../board.ts'
import { EXIT, Failure, sentence } from '../failure.ts'
import { followFiles } from '../following.ts'
import { jobIdOf } from '../importing.ts'
import type { Show } from '../keptOutput.ts'
import { forgetRunProcess, isAlive, readRunProcess, writeKeptProcess } from '../process.ts'
import type { ProcessEnd } from '../process.ts'
import { ProgressLine } from '../progress.ts'
import { FilesRecorder } from '../recordFiles.ts'
import { pause } from '../recorder.ts'
import { outputFolderOf } from '../runFolder.ts'
import { startProgram, type RunningProgram } from '../running.ts'
import { identifyRun } from '../sources/identify.ts'
import { RUN_LOG } from '../sources/mixed.ts'
import { sweepJob } from '../sweep.ts'
import { Troubles, type Troubled } from '../troubles.ts'
import { tell } from '../terminal.ts'

export const usage =
  'bestmark run [--name NAME] [--project NAME] [--folder FOLDER] [--kill-after SECONDS] -- COMMAND…'

const OPTIONS = {
  name: { type: 'string' },
  project: { type: 'string', default: 'bestmark' },
  folder: { type: 'string' },
  'kill-after': { type: 'string', default: '30' },
} as const

const UNTOLD =
  'Its words do not tell where it writes, so only what it prints is recorded; --folder FOLDER names its output folder.'

/** What the words ask for. */
interface Order {
  argv: string[]
  folder: string
  name: string
  project: string
  /** How long a program that was asked to stop may take (ms). */
  killAfter: number
}

/**
 * Runs a program and records what it prints and what it writes to its folder. The program outlives
 * this process where that is killed. Signals are passed on to it; stopping it on the board asks it
 * with SIGTERM, then ends it. Returns its exit code, or 128 + n where signal n ended it.
 */
export async function main(words: readonly string[]): Promise<number> {
  const at = words.indexOf('--')
  const argv = at === -1 ? [] : words.slice(at + 1)
  const { values, positionals } = parseWords(at === -1 ? words : words.slice(0, at), OPTIONS, usage)
  if (argv.length === 0 || positionals.length > 0) {
    throw new Failure(`Name a command after --. Usage: ${usage}`)
  }
  const killAfter = millisecondsOf(values['kill-after'], '--kill-after')
  await using board = await openBoard()
  const name = values.name ?? basename(argv.find((word) => /\.py$/.test(word)) ?? argv[0] ?? 'run')
  const told = values.folder ?? (await outputFolderOf(argv))
  const folder = await folderOf(board, told, name)
  if (told === undefined) tell(UNTOLD)
  return await runRecorded(board, {
    argv: [...argv],
    folder,
    name,
    project: values.project,
    killAfter,
  })
}

/** The folder that was told, or that the program is told, or else a new one of ours. */
async function folderOf(board: Board, told: string | undefined, name: string): Promise<string> {
  const own = join(
    board.home,
    'runs',
    `${name.replace(/[^\w.-]+/g, '-')}-${randomUUID().slice(0, 8)}`,
  )
  const folder = told === undefined ? own : callerPath(told)
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new Failure(`${folder} cannot be made: ${sentence(cause)}`, { cause })
  })
  return realpath(folder)
}

async function runRecorded(board: Board, order: Order): Promise<number> {
  const { db, host_id, host } = board
  const { folder: root, name, project, argv, killAfter } = order
  refuseSecond(root)
  const job_id = await jobIdOf(board, (await identifyRun(root)) ?? { root, job_id: null })
  const run = { job_id, folder: root, host_id }
  const job = { job_id, host_id, host, root, name, project, source: RUN_LOG, is_stoppable: true }
  // Whoever finds the run sees from its first line on that somebody drives it.
  writeKeptProcess(root, process.pid)
  await registerJob(db, { ...job, status: 'starting' })
  const line = process.stderr.isTTY ? new ProgressLine() : undefined
  const shown = { stdout: showOn(process.stdout, line), stderr: showOn(process.stderr, line) }
  const program = await startProgram(argv, run, callerPath('.'), shown).catch(async (cause) => {
    forgetRunProcess(root)
    await new FilesRecorder(db, run, { isOver: true }).finish()
    throw new Failure(`${sentence(cause)}.`, { cause })
  })
  tell(`bestmark records ${name} (${job_id}) in ${root}`)
  const over = new AbortController()
  const troubles = new Troubles((text) => tell(`bestmark: ${text}`))
  const following = followFiles(db, run, over.signal, troubles.tell)
  const stop = (signal: NodeJS.Signals) => askToStop(program, signal, killAfter, over.signal)
  const keeping = keepUp(db, job_id, { stop, troubles, line }, over.signal)
  const forget = passSignals(stop, program.signal)
  const end = await program.exited
  over.abort()
  forget()
  await Promise.allSettled([keeping])
  line?.end()
  await following.catch(troubles.tell)
  // Whoever called it over before, this is all that the program wrote.
  await new FilesRecorder(db, run, { isOver: false }).finish().catch(troubles.tell)
  forgetRunProcess(root)
  await sweepJob(db, { job_id, root, source: RUN_LOG }).catch(troubles.tell)
  return codeOf(end)
}

/** Two programs in one folder would tell of one run. */
function refuseSecond(root: string): void {
  const other = readRunProcess(root)
  if (other && isAlive(other)) {
    const what = `A program trains in ${root} already (process ${other.pid})`
    throw new Failure(`${what}; wait for its end, stop it, or name another --folder.`)
  }
}

/** Shows bytes on an output; a line of progress on the same terminal gives way. */
function showOn(out: NodeJS.WriteStream, line: ProgressLine | undefined): Show {
  return (bytes) =>
    new Promise((resolve) => {
      if (out.isTTY) line?.giveWay(bytes)
      // Whoever read it may be gone, which is no reason to stop the program.
      out.write(bytes, () => resolve())
    })
}

type Stop = (signal: NodeJS.Signals) => Promise<void>

/** Asks to stop, as a terminal or a scheduler does. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Mean what the program takes them for, such as Slurm's word before a time limit. */
const OTHERS = ['SIGUSR1', 'SIGUSR2', 'SIGQUIT', 'SIGCONT'] as const

function passSignals(stop: Stop, signal: RunningProgram['signal']): () => void {
  // Under nohup, or in a service, a terminal that closes is no wish to stop.
  const isKept = !process.stdout.isTTY && !process.stderr.isTTY
  const pass = (name: NodeJS.Signals): void => {
    if (!(name === 'SIGHUP' && isKept)) void stop(name)
  }
  for (const name of STOPPING) process.on(name, pass)
  for (const name of OTHERS) process.on(name, signal)
  return () => {
    for (const name of STOPPING) process.off(name, pass)
    for (const name of OTHERS) process.off(name, signal)
  }
}

async function askToStop(
  program: RunningProgram,
  name: NodeJS.Signals,
  killAfter: number,
  over: AbortSignal,
): Promise<void> {
  program.signal(name)
  await pause(killAfter, over)
  if (!over.aborted) program.signal('SIGKILL')
}

/** Looks at the board: shows how the job goes, and passes on a wish to stop. */
async function keepUp(
  db: Database,
  job_id: string,
  { stop, troubles, line }: { stop: Stop; troubles: Troubled; line: ProgressLine | undefined },
  over: AbortSignal,
): Promise<void> {
  let stopping: Promise<void> | undefined
  while (!over.aborted) {
    try {
      for await (const { status } of watch(db, { jobs: [{ job_id, revision: 0 }] }, over)) {
        troubles.answered()
        line?.show(status)
        if (status.status === 'stopping') stopping ??= stop('SIGTERM')
      }
    } catch (error) {
      troubles.tell(error)
      await pause(1_000, over)
    }
  }
  await stopping
}

function codeOf({ code, signal }: ProcessEnd): number {
  return code ?? 128 + (signal ? constants.signals[signal] : EXIT.nothing)
}
