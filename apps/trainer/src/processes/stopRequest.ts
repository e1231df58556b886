import { constants } from 'node:os'
import { notify } from '../cli/terminal.ts'

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** How long a command may take to end after a stop request (ms). */
export const GRACE = 4_000
/** One Ctrl-C may arrive twice within this time: from the terminal and from a script runner (ms). */
export const SAME = 300

/**
 * Handles signals to end this process. At the first one `signal` aborts, and the command has a few
 * seconds to finish, for example to record to the database. After that time, or at a second signal,
 * the process ends even if something does not answer.
 */
export class StopRequest implements Disposable {
  readonly #controller = new AbortController()
  #at = Infinity
  #grace: NodeJS.Timeout | undefined

  constructor() {
    for (const name of NAMES) process.on(name, this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    const code = 128 + constants.signals[name]
    if (performance.now() - this.#at > SAME) process.exit(code)
    if (this.signal.aborted) return
    this.#at = performance.now()
    this.#controller.abort()
    this.#grace = setTimeout(() => {
      notify(
        'bestmark: Stopped without waiting any longer for an answer. Nothing in files is lost.\n',
      )
      process.exit(code)
    }, GRACE)
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#grace)
    for (const name of NAMES) process.off(name, this.#onSignal)
  }
}
