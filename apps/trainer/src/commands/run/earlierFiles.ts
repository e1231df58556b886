import { JOURNAL } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { uuidv5 } from '@bestmark/db'
import type { Board } from '../../board/board.ts'
import { Listing } from '../../files/listing.ts'
import { statIfSeen } from '../../files/runFile.ts'
import { pause } from '../../pause.ts'
import { hasMeasurements } from '../../recording/history.ts'
import { storedJobOf } from '../../recording/jobId.ts'
import { identifyRun } from '../../sources/identity.ts'
import { ERRORS, OUTPUT } from '../../sources/output/runOutput.ts'
import { findSources } from '../../sources/sources.ts'
import { PrintedSteps } from './printedSteps.ts'

/** How often to check whether the program wrote something (ms). */
const LOOK_AGAIN = 200

/** A new job id. The job is found again by its folder, not by an id in a journal. */
export function randomId(root: string): string {
  return uuidv5(randomUUID(), root)
}

/**
 * The files of a run that were in a folder before `bestmark run` started a program there. Changes of
 * these files show whether the program continues that run or starts a new one. If only the output
 * was there, the first printed step shows it.
 */
export class EarlierFiles {
  readonly #root: string
  /** Sizes and times by name. */
  readonly #files: ReadonlyMap<string, string>
  readonly #hasLog: boolean
  readonly #printed: PrintedSteps | undefined

  private constructor(
    root: string,
    files: ReadonlyMap<string, string>,
    { hasLog, printed }: { hasLog: boolean; printed: PrintedSteps | undefined },
  ) {
    this.#root = root
    this.#files = files
    this.#hasLog = hasLog
    this.#printed = printed
  }

  static async in(root: string): Promise<EarlierFiles> {
    const hasLog = statIfSeen(join(root, OUTPUT)) !== undefined
    const files = await signatures(root)
    const isOutput = hasLog && files.size === 0
    const printed = isOutput ? await PrintedSteps.before(root) : undefined
    return new EarlierFiles(root, files, { hasLog, printed })
  }

  /** Whether there was a run, or at least the output of an earlier program. */
  get isRun(): boolean {
    return this.#files.size > 0 || this.#hasLog
  }

  /** Whether only the first files or steps of the program can show which run it is. */
  get isUndecided(): boolean {
    return this.#files.size > 0 || this.#printed !== undefined
  }

  /**
   * The stored job that the program continues; undefined if it starts a new run. Waits until the
   * program wrote something, or ended (`over`).
   */
  async jobOf(board: Board, root: string, over: AbortSignal): Promise<string | undefined> {
    if (!this.isRun) return undefined
    while (this.isUndecided && !over.aborted && !(await this.#isDecided()))
      await pause(LOOK_AGAIN, over)
    if (await this.#printed?.isAgain()) return undefined
    const hasFiles = this.#files.size > 0
    if (over.aborted && hasFiles && !this.#areKept() && !(await hasMeasurements(root))) {
      return undefined
    }
    const { job_id } = (await identifyRun(root)) ?? { job_id: null }
    return storedJobOf(board, { root, job_id })
  }

  async #isDecided(): Promise<boolean> {
    return (await this.#isChanged()) || (await this.#printed?.hasBegun()) === true
  }

  /** Whether the program wrote to the run's files, and they contain values. */
  async #isChanged(): Promise<boolean> {
    const now = await signatures(this.#root)
    const isSame =
      now.size === this.#files.size &&
      [...now].every(([file, signature]) => {
        return this.#files.get(file) === signature
      })
    return !isSame && hasMeasurements(this.#root)
  }

  /** Whether no file was removed or became shorter. */
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
