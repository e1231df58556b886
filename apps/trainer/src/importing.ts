import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { measuredJson, type TrainingEvent, type TrainingJobStatus } from '@bestmark/core'
import { jobStatus, record, registerJob, sourceCursor, uuidv5 } from '@bestmark/db'
import type { Board } from './board.ts'
import { JOURNAL } from './journal.ts'
import { recordRun } from './recorder.ts'
import { readRun, type ReadRun } from './sources/run.ts'
import { sweepJob } from './sweep.ts'

/** What a person may say of an imported run; what is left out is taken from the run. */
interface Naming {
  name?: string | undefined
  project?: string | undefined
}

/**
 * Puts the run in a folder on the board and returns its status. The same folder is the same job,
 * and importing it again changes nothing but what changed in it. Throws a Failure where nothing
 * can be read there.
 */
export async function importRun(
  board: Board,
  path: string,
  naming: Naming,
): Promise<TrainingJobStatus> {
  const { db } = board
  const run = await readRun(path)
  const root = await realpath(run.root)
  const job_id = run.job_id ?? uuidv5(board.host_id, root)
  const name = naming.name ?? run.name
  const project = naming.project ?? run.project
  const { host_id, host } = board
  const job = { job_id, host_id, host, root, name, project, source: run.source }
  await registerJob(db, { ...job, status: 'queued' })
  if (run.source === JOURNAL) while (await recordRun(db, { job_id, folder: root }));
  else await recordWhole(board, job_id, run)
  await sweepJob(db, job)
  const status = await jobStatus(db, job_id)
  if (!status) throw new Error(`The job ${job_id} was removed while ${path} was being imported.`)
  return status
}

/**
 * State files hold a run's whole history and are rewritten at every save, so their cursor is a
 * digest: a history that changed replaces what was recorded of it.
 */
async function recordWhole({ db }: Board, job_id: string, run: ReadRun): Promise<void> {
  const to = digestOf(run.events)
  const from = await sourceCursor(db, job_id, run.source)
  if (from === to) return
  await record(db, job_id, { source: run.source, from, to, events: run.events, replace: true })
}

function digestOf(events: readonly TrainingEvent[]): string {
  const hash = createHash('sha256')
  for (const event of events) hash.update(measuredJson(withoutFiles(event))).update('\n')
  return hash.digest('hex')
}

/** What a look at the files found changes without the history. */
function withoutFiles(event: TrainingEvent): object {
  if (event.type !== 'checkpoint') return event
  const { attempt, step, path, epoch } = event
  return { type: event.type, attempt, step, path, epoch }
}
