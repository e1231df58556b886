import { statSync, watch, type FSWatcher } from 'node:fs'
import { pause } from '../pause.ts'

/** How often files are checked anyway, because network file systems send no events (ms). */
export const POLL_EVERY = { growing: 500, quiet: 5_000 }
/** At most one transaction per this time (ms). */
const PACE = 20
/** The lines of one step, which a program writes at once, share a transaction (ms). */
const GATHER = 4

/** A reason for an abort, because each abort without one makes an error. */
const WOKEN = 'a file changed'

/**
 * Waits for changes in a folder. If an event is missed, `next` only waits a little longer. A folder
 * that is removed and created again is watched again.
 */
export class Changes implements Disposable {
  readonly #folder: string
  #watcher: FSWatcher | undefined
  /** Which folder is watched. */
  #folder_id = ''
  #pending = false
  /** When `next` returned the last time (ms of `performance.now`). */
  #returnedAt = -Infinity
  #wake: () => void = () => undefined

  constructor(folder: string) {
    this.#folder = folder
    this.#watch()
  }

  /** Waits for the next change, or until it is time to look without one. */
  async next(signal: AbortSignal, pollEvery = POLL_EVERY.growing): Promise<void> {
    if (idOf(this.#folder) !== this.#folder_id) this.#watch()
    if (!this.#pending) {
      const woken = new AbortController()
      this.#wake = () => woken.abort(WOKEN)
      await pause(pollEvery, AbortSignal.any([signal, woken.signal]))
    }
    this.#pending = false
    const paced = this.#returnedAt + PACE - performance.now()
    await pause(Math.max(GATHER, paced), signal)
    this.#returnedAt = performance.now()
  }

  #watch(): void {
    this.#watcher?.close()
    this.#folder_id = idOf(this.#folder)
    try {
      const watcher = watch(this.#folder, { persistent: false }, () => {
        this.#pending = true
        this.#wake()
      })
      watcher.on('error', () => watcher.close())
      this.#watcher = watcher
    } catch {
      // Without events, polling must be enough: the file system may have none, or the limit is reached.
      this.#watcher = undefined
    }
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
  }
}

/** Empty if there is no folder. A new folder may get an old inode, so its birth time counts too. */
function idOf(folder: string): string {
  const seen = statSync(folder, { throwIfNoEntry: false })
  return seen ? `${seen.dev}:${seen.ino}:${seen.birthtimeMs}` : ''
}
