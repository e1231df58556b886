import type { TrainingJobStatus } from '@bestmark/core'
import { JobDeleted, uuidv5 } from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { Failure } from '../failure.ts'
import { storedEvents, storedRuns } from '../sources/trackers/store.ts'
import type { StoredRun } from '../sources/trackers/storedRun.ts'
import { importEvents, type NameOptions } from './importRun.ts'

/** Job ids are made from the store's run ids, so that a moved store keeps its jobs. */
const NAMESPACE = '5a0f3a86-3a0c-4e64-9d1c-5c6c9b8b1e52'

/**
 * Imports every run of another tracker's store as one job each. Importing the store again adds what
 * is new. Throws a Failure if the file is not such a store, or is empty.
 */
export async function importStore(
  board: Board,
  path: string,
  naming: NameOptions,
  onDeleted: (error: JobDeleted) => void,
): Promise<TrainingJobStatus[]> {
  const runs = storedRuns(path)
  if (runs.length === 0) throw new Failure(`${path} contains no runs.`)
  if (naming.name !== undefined && runs.length > 1) {
    const what = `--name names one job, but ${path} holds ${runs.length} runs`
    throw new Failure(`${what}. Remove --name.`)
  }
  const jobs: TrainingJobStatus[] = []
  for (const run of runs) {
    const read = { ...run, job_id: idOf(run), events: await storedEvents(run, path) }
    try {
      jobs.push(await importEvents(board, path, read, naming))
    } catch (error) {
      if (!(error instanceof JobDeleted)) throw error
      onDeleted(error)
    }
  }
  return jobs
}

function idOf({ source, id, started_at }: StoredRun): string {
  return uuidv5(NAMESPACE, `${source} ${id} ${started_at}`)
}
