import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { hostedJobs } from '@bestmark/db'
import { callerPath } from '../../cli/callerPath.ts'
import { openExistingBoard } from '../../board/board.ts'
import { Failure } from '../../failure.ts'
import { findJob } from '../../board/namedJob.ts'
import { readRun } from '../../sources/readRun.ts'
import type { ReadRun } from '../../sources/reader/source.ts'

/** A run to evaluate. `best` is the absolute path of the board's best, null without a board. */
export interface NamedRun {
  run: ReadRun
  best: string | null
}

/** Finds a run by its folder, or by the id or name of its job. Throws a Failure. */
export async function findRun(text: string): Promise<NamedRun> {
  const path = callerPath(text)
  if (existsSync(path)) return { run: await runIn(path), best: null }
  await using board = await openExistingBoard()
  if (!board) throw new Failure(`There is no ${path}, and there is no board.`)
  const { job_id, name, host, best_checkpoint_path } = await findJob(board.db, text)
  const here = await hostedJobs(board.db, board.host_id)
  const job = here.find((one) => one.job_id === job_id)
  if (!job) throw new Failure(`The files of ${name} are on ${host}. Evaluate it there.`)
  return { run: await runIn(callerPath(job.root)), best: best_checkpoint_path }
}

async function runIn(path: string): Promise<ReadRun> {
  const run = await readRun(await realpath(path))
  if (!run.isSingleFile) return run
  throw new Failure(`${path} is a file without checkpoints. Name the run's folder.`)
}
