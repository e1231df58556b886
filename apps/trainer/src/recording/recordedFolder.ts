import { type Database, folderOfJob } from '@bestmark/db'
import { folderId } from './folderId.ts'
import { compareHistory } from './history.ts'
import { OtherRunError } from './journalCursor.ts'
import type { RecordedRun } from './recordedRun.ts'

/** The folder of a run that is being recorded: whether it is still the folder of this run. */
export class RecordedFolder {
  readonly #db: Database
  readonly #run: RecordedRun
  /** The id of the folder that holds this run; null if unknown. */
  #id: string | null = null
  /** The source of the stored history. */
  storedBy: string | undefined

  constructor(db: Database, run: RecordedRun, storedBy: string | undefined) {
    this.#db = db
    this.#run = run
    this.storedBy = storedBy
  }

  /** Whether the folder was replaced by another folder. */
  async isReplaced(): Promise<boolean> {
    if (this.#id === null) return false
    const now = await folderId(this.#run.folder)
    return now !== null && now !== this.#id
  }

  /**
   * Whether the folder is the same, or a new one with the same history (`moved`), or a new one in which
   * nothing can be read yet (`unread`). Throws OtherRunError if it has another history.
   */
  async check(): Promise<'none' | 'moved' | 'unread'> {
    const { job_id, folder: root, isStartedHere } = this.#run
    const now = await folderId(root)
    if (this.storedBy !== undefined && (now === null || now === this.#id)) return 'none'
    const job = await folderOfJob(this.#db, job_id)
    this.storedBy ??= job?.source
    if (now === null || isStartedHere) return 'none'
    const isMoved = job && job.folder_id !== null && job.folder_id !== now
    if (isMoved) {
      const { kind } = await compareHistory(this.#db, job, root)
      if (kind === 'another') throw new OtherRunError(root)
      if (kind === 'unknown') return 'unread'
    }
    this.#id = now
    return isMoved ? 'moved' : 'none'
  }
}
