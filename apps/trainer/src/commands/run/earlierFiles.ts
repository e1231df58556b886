import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { uuidv5 } from '@bestmark/db'
import type { Board } from '../../board/board.ts'
import { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import { JOURNAL } from '../../journal/header.ts'
import { pause } from '../../pause.ts'
import { hasMeasurements } from '../../recording/history.ts'
import { storedJobOf } from '../../recording/jobId.ts'
import { identifyRun } from '../../sources/identity.ts'
import { ERRORS, OUTPUT } from '../../sources/output/textLog.ts'
import { findSources } from '../../sources/sources.ts'

/** How often is looked whether the program wrote something (ms). */
const LOOK_AGAIN = 200

/** A new id for a job that is found again by its folder, not by a journal's id. */
export function randomId(root: string): string {
  return uuidv5(randomUUID(), root)
}

/**
 * The files of a run that lay in a folder before `bestmark run` started a program there. What the
 * program does with them tells whether it goes on with that run or begins another one.
 */
export class EarlierFiles {
  readonly #root: string
  /** Sizes and times by name. */
  readonly #files: ReadonlyMap<string, string>
  readonly #hasLog: boolean

  private constructor(root: string, files: ReadonlyMap<string, string>, hasLog: boolean) {
    this.#root = root
    this.#files = files
    this.#hasLog = hasLog
  }

  static async in(root: string): Promise<EarlierFiles> {
    const hasLog = statIfSeen(join(root, OUTPUT)) !== undefined
    return new EarlierFiles(root, await signatures(root), hasLog)
  }

  /** Whether any run lay there, if only by what an earlier program printed. */
  get isRun(): boolean {
    return this.#files.size > 0 || this.#hasLog
  }

  /** Whether what the program writes first tells which run it is. */
  get isUndecided(): boolean {
    return this.#files.size > 0
  }

  /**
   * The stored job that the program goes on with, once it wrote something or is `over`; undefined
   * where it begins a run of its own.
   */
  async jobOf(board: Board, root: string, over: AbortSignal): Promise<string | undefined> {
    if (!this.isRun) return undefined
    while (this.isUndecided && !over.aborted && !(await this.#isChanged()))
      await pause(LOOK_AGAIN, over)
    if (over.aborted && this.isUndecided && !this.#areKept() && !(await hasMeasurements(root))) {
      return undefined
    }
    const { job_id } = (await identifyRun(root)) ?? { job_id: null }
    return storedJobOf(board, { root, job_id })
  }

  /** Whether the program wrote to the run's files, and values can be read of them. */
  async #isChanged(): Promise<boolean> {
    const now = await signatures(this.#root)
    const isSame =
      now.size === this.#files.size &&
      [...now].every(([file, signature]) => {
        return this.#files.get(file) === signature
      })
    return !isSame && hasMeasurements(this.#root)
  }

  /** Whether no file was removed or cut. */
  #areKept(): boolean {
    return [...this.#files].every(([file, signature]) => {
      const now = statIfSeen(join(this.#root, file))
      return now !== undefined && now.size >= Number(signature.split(' ')[0])
    })
  }
}

async function signatures(root: string): Promise<Map<string, string>> {
  const listing = new Listing(root)
  const files = new Set([JOURNAL])
  for (const source of await findSources(root)) {
    for (const file of await source.files(listing)) files.add(file)
  }
  const found = new Map<string, string>()
  for (const file of files) {
    const seen = statIfSeen(join(root, file))
    const isOurs = file === OUTPUT || file === ERRORS
    if (seen && !isOurs) found.set(file, `${seen.size} ${seen.mtimeMs} ${seen.ino}`)
  }
  return found
}
