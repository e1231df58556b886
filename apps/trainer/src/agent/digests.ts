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

/** Computes the digests of a host's checkpoints in the background, one at a time. */
export class Digests {
  readonly #db: Database
  readonly #host_id: string
  readonly #rate: number
  /** Files that could not be read completely. They are tried again when their signature changes. */
  readonly #failed = new Set<string>()

  /** `rate` is the number of bytes to read per second; 0 computes no digests. */
  constructor(db: Database, host_id: string, rate: number) {
    this.#db = db
    this.#host_id = host_id
    this.#rate = rate
  }

  /** Computes the most important missing digest; returns whether there was one. */
  async next(signal: AbortSignal): Promise<boolean> {
    if (this.#rate === 0) return false
    const files = await undigestedFiles(this.#db, this.#host_id, this.#failed.size + 1)
    const wanted = files.find((row) => !this.#failed.has(keyOf(row)))
    if (!wanted) return false
    const digest = await this.#digestOf(wanted, signal)
    const { root, path, job_id, attempt, step } = wanted
    // If the files changed meanwhile, the sweep checks them first; then they are read again.
    const seen = await inspectCheckpoint(root, path, null, { previous: wanted })
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
      // The sweep reports files that disappeared or cannot be read.
      return undefined
    }
  }
}

function keyOf({ checkpoint_id, signature }: UndigestedFiles): string {
  return `${checkpoint_id} ${signature}`
}
