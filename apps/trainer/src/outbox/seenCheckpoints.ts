import type { TrainingEvent } from '@bestmark/core'
import { inspectIn, type SeenFiles } from '../recording/sweep.ts'

/** How often the files of a run's checkpoints are checked (ms). */
const EVERY = 15_000

/** The checkpoints in a journal, with the state of their files as it was last sent. */
export class SeenCheckpoints {
  readonly #root: string
  readonly #seen = new Map<string, SeenFiles>()
  #checkedAt = -Infinity

  constructor(root: string) {
    this.#root = root
  }

  /** Paths of the checkpoints. */
  get paths(): string[] {
    return [...this.#seen.keys()]
  }

  /** Notes what events say of checkpoints. */
  note(events: readonly TrainingEvent[]): void {
    for (const event of events) {
      if (event.type !== 'checkpoint' && event.type !== 'files') continue
      const { attempt, step, path, files_state, files_why, bytes, kind, base, signature } = event
      const { files_fault = null, serving = null, digest } = event
      const files = { files_state, files_why, files_fault, bytes, kind, base, serving }
      this.#seen.set(path, { attempt, step, path, ...files, signature, digest })
    }
  }

  /** The files that changed since the last check. `source` is the one of the run. */
  async changes(source: string, isOver: boolean): Promise<TrainingEvent[]> {
    if (performance.now() - this.#checkedAt < EVERY && !isOver) return []
    this.#checkedAt = performance.now()
    const run = { root: this.#root, source, ...(!isOver && { status: 'running' as const }) }
    const changed: TrainingEvent[] = []
    for (const one of this.#seen.values()) {
      const event = await inspectIn(run, one, false)
      if (event) changed.push(event)
    }
    return changed
  }
}
