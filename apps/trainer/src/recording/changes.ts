import { statSync, watch, type FSWatcher } from 'node:fs'
import { pause } from '../pause.ts'

/** How often a file is checked anyway, because network file systems send no events (ms). */
const POLL_EVERY = 500
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
  readonly #pollEvery: number
  #watcher: FSWatcher | undefined
  /** Which folder is watched. */
  #folder_id = ''
  #pending = false
  /** When `next` returned the last time (ms of `performance.now`). */
  #returnedAt = -Infinity
  #wake: () => void = () => undefined

  constructor(folder: string, { pollEvery = POLL_EVERY } = {}) {
    this.#folder = folder
    this.#pollEvery = pollEvery
    this.#watch()
  }

  async next(signal: AbortSignal): Promise<void> {
    if (idOf(this.#folder) !== this.#folder_id) this.#watch()
    if (!this.#pending) {
      const woken = new AbortController()
      this.#wake = () => woken.abort(WOKEN)
      await pause(this.#pollEvery, AbortSignal.any([signal, woken.signal]))
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
