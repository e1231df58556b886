import { statSync, watch, type FSWatcher } from 'node:fs'
import { pause } from '../pause.ts'

/** Network file systems tell no events, so a file is looked at this often whatever happens (ms). */
const LOOK_AGAIN = 500
/** Events that come close together share a transaction (ms). */
const GATHER = 20

/**
 * Changes below a folder, as hints: one may be missed, and `next` then waits a little longer. A folder
 * that is removed and made anew is listened to again.
 */
export class Changes implements Disposable {
  readonly #folder: string
  readonly #pollEvery: number
  #watcher: FSWatcher | undefined
  /** Which folder is listened to. */
  #folder_id = ''
  #pending = false
  #wake: () => void = () => undefined

  constructor(folder: string, { pollEvery = LOOK_AGAIN } = {}) {
    this.#folder = folder
    this.#pollEvery = pollEvery
    this.#listen()
  }

  async next(signal: AbortSignal): Promise<void> {
    if (idOf(this.#folder) !== this.#folder_id) this.#listen()
    if (!this.#pending) {
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      await pause(this.#pollEvery, AbortSignal.any([signal, woken.signal]))
    }
    this.#pending = false
    await pause(GATHER, signal)
  }

  #listen(): void {
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
      // Without events (none left, or a file system that has none) the regular look must do.
      this.#watcher = undefined
    }
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
  }
}

/** Empty where there is no folder; the birth tells a new one that got the number of the old. */
function idOf(folder: string): string {
  const seen = statSync(folder, { throwIfNoEntry: false })
  return seen ? `${seen.dev}:${seen.ino}:${seen.birthtimeMs}` : ''
}
