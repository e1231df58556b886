import { randomUUID } from 'node:crypto'
import { mkdir, realpath } from 'node:fs/promises'
import { constants } from 'node:os'
import { basename, join } from 'node:path'
import { recordFacts, registerJob, uuidv5, watch } from '@bestmark/db'
import { callerPath, parseWords } from '../arguments.ts'
import { openBoard, type Board } from '../board.ts'
import { EXIT, Failure, sentence } from '../failure.ts'
import { followFiles } from '../following.ts'
import type { ProcessEnd } from '../process.ts'
import { pause } from '../recorder.ts'
import { outputFolderIn } from '../runFolder.ts'
import { startProgram, type RunningProgram } from '../running.ts'
import { endedEvent } from '../sources/events.ts'
import { RUN_LOG } from '../sources/mixed.ts'
import { sweepJob } from '../sweep.ts'

export const usage =
  'bestmark run [--name NAME] [--project NAME] [--folder FOLDER] [--kill-after SECONDS] -- COMMAND…'

const OPTIONS = {
  name: { type: 'string' },
  project: { type: 'string', default: 'bestmark' },
  folder: { type: 'string' },
  'kill-after': { type: 'string', default: '30' },
} as const

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
 * Runs a program and records what it prints and what it writes to its folder. Signals are passed on
 * to it; stopping it on the board asks it with SIGTERM, then ends it. Returns its exit code, or
 * 128 + n where signal n ended it.
 */
export async function main(words: readonly string[]): Promise<number> {
  const at = words.indexOf('--')
  const argv = at === -1 ? [] : words.slice(at + 1)
  const { values, positionals } = parseWords(at === -1 ? words : words.slice(0, at), OPTIONS, usage)
  if (argv.length === 0 || positionals.length > 0) {
    throw new Failure(`Name a command after --. Usage: ${usage}`)
  }
  const killAfter = Number(values['kill-after']) * 1000
  if (!(killAfter >= 0)) {
    throw new Failure(`--kill-after takes seconds, not "${values['kill-after']}".`)
  }
  await using board = await openBoard()
  const name = values.name ?? basename(argv.find((word) => /\.py$/.test(word)) ?? argv[0] ?? 'run')
  const folder = await folderOf(board, values.folder ?? outputFolderIn(argv), name)
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
  const job_id = uuidv5(host_id, root)
  const job = { job_id, host_id, host, root, name, project, source: RUN_LOG }
  await registerJob(db, { ...job, status: 'starting' })
  const program = await startProgram(argv, root, callerPath('.')).catch(async (cause: unknown) => {
    await recordFacts(db, job_id, [endedEvent(0, 'failed', sentence(cause))])
    throw new Failure(`${sentence(cause)}.`, { cause })
  })
  process.stderr.write(`bestmark records ${name} (${job_id}) in ${root}\n`)
  const over = new AbortController()
  const onTrouble = troubles()
  const following = followFiles(db, { job_id, folder: root, host_id }, over.signal, onTrouble)
  const stopping = stopWhenAsked(board, job_id, program, killAfter, over.signal, onTrouble)
  const forget = passSignals(program, killAfter, over.signal)
  const end = await program.exited
  over.abort()
  forget()
  await Promise.allSettled([stopping])
  await following.catch(onTrouble)
  await sweepJob(db, { job_id, root, source: RUN_LOG }).catch(onTrouble)
  return codeOf(end)
}

/** The same trouble is told once. */
function troubles(): (error: unknown) => void {
  const told = new Set<string>()
  return (error) => {
    const text = sentence(error)
    if (!told.has(text)) process.stderr.write(`bestmark: not recorded for now: ${text}\n`)
    told.add(text)
  }
}

function passSignals(program: RunningProgram, killAfter: number, over: AbortSignal): () => void {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const pass = (name: NodeJS.Signals): void => void askToStop(program, name, killAfter, over)
  for (const name of names) process.on(name, pass)
  return () => names.forEach((name) => process.off(name, pass))
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

/** Looks at the board for a wish to stop. */
async function stopWhenAsked(
  { db }: Board,
  job_id: string,
  program: RunningProgram,
  killAfter: number,
  over: AbortSignal,
  onTrouble: (error: unknown) => void,
): Promise<void> {
  while (!over.aborted) {
    try {
      for await (const { status } of watch(db, { jobs: [{ job_id, revision: 0 }] }, over)) {
        if (status.status === 'stopping')
          return await askToStop(program, 'SIGTERM', killAfter, over)
      }
    } catch (error) {
      onTrouble(error)
      await pause(1_000, over)
    }
  }
}

function codeOf({ code, signal }: ProcessEnd): number {
  return code ?? 128 + (signal ? constants.signals[signal] : EXIT.nothing)
}
