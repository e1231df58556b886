import { type Database, publishTargets } from '@bestmark/db'
import { readTargets, shownTargets } from './configuration.ts'

/** Shows the targets of a host on the board, and shows them again after its file changed. */
export class Publication {
  readonly #db: Database
  readonly #host: { host_id: string; home: string }
  #published = ''
  #hasPlayground = false

  constructor(db: Database, host: { host_id: string; home: string }) {
    this.#db = db
    this.#host = host
  }

  /** Whether a target answers prompts, as it was last read. */
  get hasPlayground(): boolean {
    return this.#hasPlayground
  }

  /**
   * Reads the file and publishes what changed. Throws a Failure if the file is not valid; the targets
   * that were published before then stay on the board.
   */
  async refresh(): Promise<void> {
    const { host_id, home } = this.#host
    const targets = shownTargets(await readTargets(home))
    const text = JSON.stringify(targets)
    this.#hasPlayground = targets.some(({ kind }) => kind === 'playground')
    if (text === this.#published) return
    await publishTargets(this.#db, host_id, targets)
    this.#published = text
  }
}
