import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TrainingEvent } from '@bestmark/core'
import { fileSampleId, MOST_CONTENT } from '@bestmark/db'
import { statIfSeen } from '../files/runFile.ts'
import { readSampleFile, type SampleContent } from '../samples/sampleFile.ts'

/**
 * Copies of the files of samples in the folder of a spool, until the board has them. So a program that
 * removes or overwrites its samples while the board is away loses none.
 */
export class KeptSamples {
  readonly #folder: string

  /** `spool` is the folder of the spool. */
  constructor(spool: string) {
    this.#folder = join(spool, 'samples')
  }

  /** Copies the file of a sample, if there is space; false while it is being written. */
  async keep(
    job_id: string,
    root: string,
    path: string,
    bases: readonly string[],
  ): Promise<boolean> {
    const read = await readSampleFile(root, path, bases)
    if (read === undefined) return false
    if (!('content' in read) || this.#bytes + read.content.length > MOST_CONTENT) return true
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const file = this.#pathOf(fileSampleId(job_id, path))
    writeFileSync(`${file}.new`, read.content, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    return true
  }

  /** The copy of a sample's file; undefined if there is none. */
  async read(sample_id: string): Promise<SampleContent | undefined> {
    if (!statIfSeen(this.#pathOf(sample_id))) return undefined
    return readSampleFile(this.#folder, sample_id, [this.#folder])
  }

  /** Removes a copy that the board has. */
  remove(sample_id: string): void {
    rmSync(this.#pathOf(sample_id), { force: true })
  }

  /** Removes all copies. */
  clear(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #bytes(): number {
    const names = statIfSeen(this.#folder) ? readdirSync(this.#folder) : []
    return names.reduce((sum, name) => sum + (statIfSeen(this.#pathOf(name))?.size ?? 0), 0)
  }

  #pathOf(name: string): string {
    return join(this.#folder, name)
  }
}

/** The paths of the files of samples among events. */
export function samplePaths(events: readonly TrainingEvent[]): string[] {
  return events.flatMap((one) => (one.type === 'sample' && one.path !== null ? [one.path] : []))
}
