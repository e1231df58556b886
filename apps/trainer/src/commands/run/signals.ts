import { pause } from '../../pause.ts'
import { SAME } from '../../processes/stopRequest.ts'
import type { RunningProgram } from './program.ts'

/** Signals that stop a program, as terminals and schedulers send them. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Signals whose meaning the program decides, such as Slurm's signal before a time limit. */
const OTHERS = ['SIGUSR1', 'SIGUSR2', 'SIGQUIT', 'SIGCONT'] as const

/** How long the recording may continue after a program that was stopped here (ms). */
const PATIENCE = 3_000

/**
 * Passes signals to a program while it runs. After a stopped program the user should not wait long, so
 * `hurried` aborts after a few seconds, or with the next signal to stop.
 */
export class PassedSignals implements Disposable {
  readonly #program: RunningProgram
  readonly #killAfter: number
  readonly #over = new AbortController()
  readonly #hurry = new AbortController()
  #isStopping = false
  /** When each signal to stop was last passed. */
  readonly #passedAt = new Map<NodeJS.Signals, number>()

  /** `killAfter`: how long the program may take to stop (ms). */
  constructor(program: RunningProgram, killAfter: number) {
    this.#program = program
    this.#killAfter = killAfter
    for (const name of STOPPING) process.on(name, this.#pass)
    for (const name of OTHERS) process.on(name, program.signal)
  }

  get hurried(): AbortSignal {
    return this.#hurry.signal
  }

  /** Sends a signal to the program, and later SIGKILL. */
  async stop(name: NodeJS.Signals): Promise<void> {
    this.#program.signal(name)
    await pause(this.#killAfter, this.#over.signal)
    if (!this.#over.signal.aborted) this.#program.signal('SIGKILL')
  }

  /** The program has ended. */
  end(): void {
    this.#over.abort()
    if (this.#isStopping) setTimeout(() => this.#hurry.abort(), PATIENCE).unref()
  }

  readonly #pass = (name: NodeJS.Signals): void => {
    // Under nohup, or in a service, a closed terminal must not stop the program.
    if (name === 'SIGHUP' && !process.stdout.isTTY && !process.stderr.isTTY) return
    if (this.#isRepeated(name)) return
    this.#isStopping = true
    if (this.#over.signal.aborted) this.#hurry.abort()
    else void this.stop(name)
  }

  /** Whether this is the same Ctrl-C, sent by the terminal and by a script runner. */
  #isRepeated(name: NodeJS.Signals): boolean {
    const now = performance.now()
    const before = this.#passedAt.get(name) ?? -Infinity
    if (now - before <= SAME) return true
    this.#passedAt.set(name, now)
    return false
  }

  [Symbol.dispose](): void {
    for (const name of STOPPING) process.off(name, this.#pass)
    for (const name of OTHERS) process.off(name, this.#program.signal)
  }
}
