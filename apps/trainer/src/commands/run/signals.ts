import { pause } from '../../pause.ts'
import type { RunningProgram } from './program.ts'

/** Asks to stop, as a terminal or a scheduler does. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Mean what the program takes them for, such as Slurm's word before a time limit. */
const OTHERS = ['SIGUSR1', 'SIGUSR2', 'SIGQUIT', 'SIGCONT'] as const

/** How long the recording may go on after a program that was asked here to stop (ms). */
const PATIENCE = 3_000

/**
 * Passes signals on to a program while it runs. Once it has ended nobody waits long who asked it to
 * stop: `hurried` aborts after a few seconds, or with the next such signal.
 */
export class PassedSignals implements Disposable {
  readonly #program: RunningProgram
  readonly #killAfter: number
  readonly #over = new AbortController()
  readonly #hurry = new AbortController()
  #isAsked = false

  /** `killAfter`: how long a program that was asked to stop may take (ms). */
  constructor(program: RunningProgram, killAfter: number) {
    this.#program = program
    this.#killAfter = killAfter
    for (const name of STOPPING) process.on(name, this.#pass)
    for (const name of OTHERS) process.on(name, program.signal)
  }

  get hurried(): AbortSignal {
    return this.#hurry.signal
  }

  /** Asks the program to stop, then ends it. */
  async stop(name: NodeJS.Signals): Promise<void> {
    this.#program.signal(name)
    await pause(this.#killAfter, this.#over.signal)
    if (!this.#over.signal.aborted) this.#program.signal('SIGKILL')
  }

  /** The program has ended. */
  end(): void {
    this.#over.abort()
    if (this.#isAsked) setTimeout(() => this.#hurry.abort(), PATIENCE).unref()
  }

  readonly #pass = (name: NodeJS.Signals): void => {
    // Under nohup, or in a service, a terminal that closes is no wish to stop.
    if (name === 'SIGHUP' && !process.stdout.isTTY && !process.stderr.isTTY) return
    this.#isAsked = true
    if (this.#over.signal.aborted) this.#hurry.abort()
    else void this.stop(name)
  };

  [Symbol.dispose](): void {
    for (const name of STOPPING) process.off(name, this.#pass)
    for (const name of OTHERS) process.off(name, this.#program.signal)
  }
}
