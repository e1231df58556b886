import { JOURNAL } from '@bestmark/core'
import { join } from 'node:path'
import { type Database, folderOfJob, sourceCursor } from '@bestmark/db'
import { journalSize } from '../journal/read.ts'
import { findSources } from '../sources/sources.ts'
import { folderId } from './folderId.ts'
import { OtherRunError, isIdOfPath } from './journalCursor.ts'

/** How long the journal may be missing, while a new folder holds another run, before the job ends (ms). */
const PATIENCE = 180_000

/** Watches a missing journal. A journal that is missing for a moment changes nothing. */
export class MissingJournal {
  readonly #db: Database
  readonly #run: { job_id: string; folder: string }
  readonly #patience: number
  #since: number | undefined

  constructor(db: Database, run: { job_id: string; folder: string }, patience = PATIENCE) {
    this.#db = db
    this.#run = run
    this.#patience = patience
  }

  /** Throws OtherRunError if another run has been in the folder for a long time. */
  async check(): Promise<void> {
    const { folder } = this.#run
    const exists = journalSize(join(folder, JOURNAL)) > 0
    if (exists || !(await this.#isOther())) return void (this.#since = undefined)
    this.#since ??= performance.now()
    if (performance.now() - this.#since >= this.#patience) throw new OtherRunError(folder)
  }

  async #isOther(): Promise<boolean> {
    const { job_id, folder } = this.#run
    const now = isIdOfPath(job_id) ? null : await folderId(folder)
    if (now === null || (await findSources(folder)).length === 0) return false
    const job = await folderOfJob(this.#db, job_id)
    if (!job || job.folder_id === null || job.folder_id === now) return false
    return (await sourceCursor(this.#db, job_id, JOURNAL)) !== null
  }
}
