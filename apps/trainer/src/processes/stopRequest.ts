import { constants } from 'node:os'
import { notify } from '../cli/terminal.ts'

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** How long a command may take to end once it was asked to (ms). */
export const GRACE = 4_000
/** One Ctrl-C may come twice: from the terminal, and from the script runner above (ms). */
export const SAME = 300

/**
 * Hears that this process is to end. With the first signal `signal` aborts, and the command has a
 * few seconds to finish what it does, such as recording to a database that may not answer; then, or
 * with a second signal, the process ends whatever it still waits for.
 */
export class StopRequest implements Disposable {
  readonly #heard = new AbortController()
  #at = Infinity
  #grace: NodeJS.Timeout | undefined

  constructor() {
    for (const name of NAMES) process.on(name, this.#hear)
  }

  get signal(): AbortSignal {
    return this.#heard.signal
  }

  readonly #hear = (name: NodeJS.Signals): void => {
    const code = 128 + constants.signals[name]
    if (performance.now() - this.#at > SAME) process.exit(code)
    if (this.signal.aborted) return
    this.#at = performance.now()
    this.#heard.abort()
    this.#grace = setTimeout(() => {
      notify(
        'bestmark: Stopped without waiting any longer for an answer. Nothing in files is lost.\n',
      )
      process.exit(code)
    }, GRACE)
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#grace)
    for (const name of NAMES) process.off(name, this.#hear)
  }
}
