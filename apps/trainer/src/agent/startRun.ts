import { randomUUID } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { TrainingJobStatus } from '@bestmark/core'
import { privateFolder, jobDetail, registerJob, type Database } from '@bestmark/db'
import { Failure } from '../failure.ts'
import { inspectCheckpoint } from '../checkpoints/inspect.ts'
import { lastAttempt } from '../journal/read.ts'
import { JOURNAL } from '../journal/header.ts'
import { openJournal } from '../journal/write.ts'
import { readRunProcess } from '../processes/mark.ts'
import { isAlive } from '../processes/alive.ts'
import { spawnDetached, type DetachedProcess } from '../processes/spawn.ts'
import type { Starter } from '../board/board.ts'
import { childArgv, type Recipe } from '../recipes/recipe.ts'

/** A run whose child process was started by this one. */
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
  await registerJob(db, { ...job, status: 'starting' })
  const request = { folder, recipe: recipe.name, preset, attempt: 0, resume: null }
  return { job_id, folder, attempt: 0, ...(await spawnChild(folder, childArgv(request))) }
}

/**
 * Goes on with a run from its last whole checkpoint, as its next attempt. Throws a Failure while
 * it still trains, and where there is nothing to go on from.
 */
export async function resumeRun(db: Database, job: TrainingJobStatus): Promise<StartedRun> {
  const { job_id, name, output_dir: folder } = job
  const process = readRunProcess(folder)
  if (process && isAlive(process)) {
    throw new Failure(`${name} still trains (process ${process.pid}); stop it before resuming it.`)
  }
  const resume = await lastWholeCheckpoint(folder)
  if (resume === undefined) {
    throw new Failure(`${name} has no whole checkpoint in ${folder} to resume from.`)
  }
  const recipe = (await jobDetail(db, job_id))?.recipe
  if (!recipe) throw new Failure(`${name} was not started from a recipe, so it cannot be resumed.`)
  const attempt = (lastAttempt(join(folder, JOURNAL)) ?? -1) + 1
  const request = { folder, recipe, preset: null, attempt, resume }
  return { job_id, folder, attempt, ...(await spawnChild(folder, childArgv(request))) }
}

function spawnChild(folder: string, argv: readonly string[]): Promise<DetachedProcess> {
  return spawnDetached(argv, { cwd: folder, logFile: join(folder, 'output.log') })
}

async function lastWholeCheckpoint(folder: string): Promise<string | undefined> {
  const names = (await readdir(folder)).filter((name) => /^checkpoint-\d+$/.test(name))
  const stepOf = (name: string): number => Number(name.slice('checkpoint-'.length))
  for (const name of names.sort((a, b) => stepOf(b) - stepOf(a))) {
    const { files_state } = await inspectCheckpoint(folder, name, 'trainer_state.json')
    if (files_state === 'complete') return name
  }
  return undefined
}

/** A name as it may stand in a path, whatever a person called the run. */
function folderName(name: string): string {
  return (
    basename(name)
      .replace(/[^\w.-]+/g, '-')
      .replace(/^\.+/, '') || 'run'
  )
}
