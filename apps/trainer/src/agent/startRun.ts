import { randomUUID } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type TrainingJobStatus, JOURNAL } from '@bestmark/core'
import { privateFolder, jobDetail, registerJob, type Database } from '@bestmark/db'
import { Failure } from '../failure.ts'
import { inspectCheckpoint } from '../checkpoints/inspect.ts'
import { lastAttempt } from '../journal/read.ts'
import { openJournal } from '../journal/write.ts'
import { readRunProcess } from '../processes/mark.ts'
import { isAlive } from '../processes/alive.ts'
import { spawnDetached, type DetachedProcess } from '../processes/spawn.ts'
import type { Starter } from '../board/board.ts'
import { childArgv, type Recipe } from '../recipes/recipe.ts'

/** A run whose child process this process started. */
export interface StartedRun extends DetachedProcess {
  job_id: string
  folder: string
  attempt: number
}

/** Starts a recipe in a new folder below the data folder, as a new job. */
export async function startRun(
  db: Database,
  starter: Starter,
  order: { recipe: Recipe; preset: string; name: string; project: string; job_id?: string },
): Promise<StartedRun> {
  const { recipe, preset, name, project, job_id = randomUUID() } = order
  const folder = join(
    await privateFolder(starter.home, 'runs'),
    `${folderName(name)}-${job_id.slice(0, 8)}`,
  )
  await mkdir(folder, { recursive: true })
  openJournal(folder, { journal: 1, job_id, name, project, recipe: recipe.name })[Symbol.dispose]()
  const { host_id, host } = starter
  const source = { source: JOURNAL, recipe: recipe.name }
  const job = { job_id, host_id, host, root: folder, name, project, ...source, is_stoppable: true }
  await registerJob(db, { ...job, status: 'starting', restore: true })
  const request = { folder, recipe: recipe.name, preset, attempt: 0, resume: null }
  return { job_id, folder, attempt: 0, ...(await spawnChild(folder, childArgv(request))) }
}

/**
 * Resumes a run from its last complete checkpoint, as its next attempt. Throws a Failure if the run
 * still trains or has no complete checkpoint.
 */
export async function resumeRun(db: Database, job: TrainingJobStatus): Promise<StartedRun> {
  const { job_id, name, output_dir: folder } = job
  const process = readRunProcess(folder)
  if (process && isAlive(process)) {
    throw new Failure(
      `${name} is still running (process ${process.pid}). Stop it before you resume it.`,
    )
  }
  const resume = await lastCompleteCheckpoint(folder)
  if (resume === undefined) {
    throw new Failure(`Cannot resume ${name}: ${folder} has no complete checkpoint.`)
  }
  const recipe = (await jobDetail(db, job_id))?.recipe
  if (!recipe) throw new Failure(`Cannot resume ${name}: it was not started from a recipe.`)
  const attempt = (lastAttempt(join(folder, JOURNAL)) ?? -1) + 1
  const request = { folder, recipe, preset: null, attempt, resume }
  return { job_id, folder, attempt, ...(await spawnChild(folder, childArgv(request))) }
}

function spawnChild(folder: string, argv: readonly string[]): Promise<DetachedProcess> {
  return spawnDetached(argv, { cwd: folder, logFile: join(folder, 'output.log') })
}

async function lastCompleteCheckpoint(folder: string): Promise<string | undefined> {
  const names = (await readdir(folder)).filter((name) => /^checkpoint-\d+$/.test(name))
  const stepOf = (name: string): number => Number(name.slice('checkpoint-'.length))
  for (const name of names.sort((a, b) => stepOf(b) - stepOf(a))) {
    const { files_state } = await inspectCheckpoint(folder, name, 'trainer_state.json')
    if (files_state === 'complete') return name
  }
  return undefined
}

/** A run's name as a safe folder name. */
function folderName(name: string): string {
  return (
    basename(name)
      .replace(/[^\w.-]+/g, '-')
      .replace(/^\.+/, '') || 'run'
  )
}
