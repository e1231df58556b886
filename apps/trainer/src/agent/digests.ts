import {
  absolutePath,
  recordFacts,
  undigestedFiles,
  type Database,
  type UndigestedFiles,
} from '@bestmark/db'
import { systemCode } from '../failure.ts'
import { computeDigest } from '../checkpoints/digest.ts'
import { inspectCheckpoint } from '../checkpoints/inspect.ts'

/** Takes the digests of a host's checkpoints, one after the other, in the background. */
export class Digests {
  readonly #db: Database
  readonly #host_id: string
  readonly #rate: number
  /** Files that could not be read to their end; with another signature they are tried again. */
  readonly #failed = new Set<string>()

  /** `rate` is how many bytes a second may be read; with 0 no digest is taken. */
  constructor(db: Database, host_id: string, rate: number) {
    this.#db = db
    this.#host_id = host_id
    this.#rate = rate
  }

  /** Takes the digest that is wanted most; returns whether there was one to take. */
  async next(signal: AbortSignal): Promise<boolean> {
    if (this.#rate === 0) return false
    const files = await undigestedFiles(this.#db, this.#host_id, this.#failed.size + 1)
    const wanted = files.find((row) => !this.#failed.has(keyOf(row)))
    if (!wanted) return false
    const digest = await this.#digestOf(wanted, signal)
    const { root, path, job_id, attempt, step } = wanted
    // What changed while it was read is looked at by the sweep, and read again after that.
    const seen = await inspectCheckpoint(root, path, null, { known: wanted })
    if (digest === undefined || seen.signature !== wanted.signature) {
      this.#failed.add(keyOf(wanted))
      return true
    }
    const { files_state, files_why } = wanted
    const state = { ...seen, files_state, files_why, digest }
    await recordFacts(this.#db, job_id, [
      { type: 'files', attempt, at: null, step, path, ...state },
    ])
    return true
  }

  async #digestOf(
    { root, path }: UndigestedFiles,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      return await computeDigest(root, absolutePath(root, path), this.#rate, signal)
    } catch (error) {
      if (signal.aborted || systemCode(error) === 'EMFILE') throw error
      // Files that go, or cannot be read, are the sweep's to tell of.
      return undefined
    }
  }
}

function keyOf({ checkpoint_id, signature }: UndigestedFiles): string {
  return `${checkpoint_id} ${signature}`
}
