import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { BESTMARK } from '../../apps/trainer/src/testing.ts'

/** An agent in a separate process, which will be killed. */
class Recorder {
  readonly #child: ChildProcess
  readonly ended: Promise<unknown>
  readonly ready: Promise<unknown>
  #output = ''

  constructor(env: NodeJS.ProcessEnv) {
    this.#child = spawn(BESTMARK, ['agent'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.ended = once(this.#child, 'exit')
    this.ready = new Promise((resolve) => {
      this.#child.stderr?.on('data', (piece: Buffer) => {
        this.#output += String(piece)
        if (this.#output.includes('works for')) resolve(true)
      })
      void this.ended.then(resolve)
    })
  }

  /** Throws with its last output if it ended by itself. */
  mustLive(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return
    throw new Error(`An agent ended by itself: ${this.#output}`)
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal)
    await this.ended
  }
}

/** Three agents at a time: while one is killed and restarted, the others may be in a transaction. */
export class Recorders implements AsyncDisposable {
  readonly #env: NodeJS.ProcessEnv
  #alive: Recorder[]

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = { ...process.env, ...env }
    this.#alive = Array.from({ length: 3 }, () => new Recorder(this.#env))
  }

  /** Throws if an agent ended that nobody killed. */
  mustLive(): void {
    for (const one of this.#alive) one.mustLive()
  }

  /** Resolves once the older agent works. */
  async working(): Promise<void> {
    await this.#alive[0]?.ready
    this.mustLive()
  }

  /** Resolves once all agents work. */
  async allWorking(): Promise<void> {
    await Promise.all(this.#alive.map(({ ready }) => ready))
    this.mustLive()
  }

  /** Kills the older agent at any moment, and starts another. */
  async kill(): Promise<void> {
    const oldest = this.#alive.shift()
    await oldest?.end('SIGKILL')
    this.#alive.push(new Recorder(this.#env))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#alive.map((one) => one.end('SIGTERM')))
    this.#alive = []
  }
}
