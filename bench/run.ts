import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hostId, registerJob, type Database } from '@bestmark/db'
import { JOURNAL } from '@bestmark/core'
import { openJournal, type Journal } from '../apps/trainer/src/journal/write.ts'
import { writeRunProcess } from '../apps/trainer/src/processes/mark.ts'

/** A run that this process writes; it is registered on a board and not recorded yet. */
export interface WrittenRun {
  job_id: string
  folder: string
  journal: Journal
}

/** Begins a run of `total_steps` in the data folder; the agent takes this process for its trainer. */
export async function beginRun(
  db: Database,
  home: string,
  total_steps: number,
): Promise<WrittenRun> {
  const job_id = randomUUID()
  const folder = join(home, 'runs', job_id)
  await mkdir(folder, { recursive: true })
  const named = { name: 'bench', project: 'bench' }
  const journal = openJournal(folder, { journal: 1, job_id, ...named, recipe: 'bench' })
  writeRunProcess(folder, 0)
  journal.append({ type: 'started', attempt: 0, at: Date.now(), total_steps })
  const where = {
    host_id: await hostId({ home, isShareable: false }),
    host: 'bench',
    root: folder,
    source: JOURNAL,
  }
  await registerJob(db, { job_id, ...where, ...named, status: 'running' })
  return { job_id, folder, journal }
}
