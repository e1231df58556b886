import { resolve } from 'node:path'
import type { EventOf, TrainingEvent } from '@bestmark/core'
import { statIfSeen } from '../files/runFile.ts'
import { findSamples, sampleBases, sampleFoldersState } from '../samples/sampleFolders.ts'

/** The samples of a run that a program wrote as files named by their step. */
export class SeenSamples {
  readonly #root: string
  readonly #sent = new Set<string>()
  #folders = ''

  constructor(root: string) {
    this.#root = root
  }

  /** Notes what events say of samples. */
  note(events: readonly TrainingEvent[]): void {
    for (const one of events) if (one.type === 'sample' && one.path) this.#sent.add(one.path)
  }

  /** New samples beside the run's checkpoints. */
  async news(checkpoints: readonly string[], attempt: number): Promise<EventOf<'sample'>[]> {
    const bases = sampleBases(this.#root, checkpoints)
    const folders = sampleFoldersState(bases)
    if (folders === this.#folders) return []
    const found = await findSamples(this.#root, bases)
    this.#folders = folders
    const unknown = { prompt: null, text: null, content: null, content_state: null }
    return found
      .filter(({ path }) => !this.#sent.has(path))
      .map((one) => {
        const at = Math.floor(statIfSeen(resolve(this.#root, one.path))?.mtimeMs ?? 0)
        return { type: 'sample', step_from: 'name', ...unknown, attempt, at, ...one }
      })
  }
}
