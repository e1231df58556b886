import { type ChildProcess, type SpawnOptions } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hostId, registerJob, type Database } from '@bestmark/db'
import { JOURNAL } from '@bestmark/core'
import { ROOT } from '../../e2e/board.ts'
import type { Order, Report, Task } from './messages.ts'
import type { Network } from './network.ts'

type Start = Awaited<ReturnType<Network['addHost']>>

/** A program of a host that answers orders. */
export class HostProgram {
  readonly #child: ChildProcess

  constructor(start: Start, file: string) {
    const stdio: SpawnOptions['stdio'] = ['ignore', 'inherit', 'inherit', 'ipc']
    this.#child = start([process.execPath, join(import.meta.dirname, file)], { stdio })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  tell(order: Order): void {
    this.#child.send(order)
  }

  /** Throws if it ends instead of answering. */
  async ask(order: Order): Promise<Report> {
    const over = new AbortController()
    const { signal } = over
    const ended = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`A program of a host ended with ${String(code)}.`)
    })
    ended.catch(() => undefined)
    const answered = once(this.#child, 'message', { signal })
    this.tell(order)
    try {
      const [report] = (await Promise.race([answered, ended])) as [Report]
      return report
    } finally {
      over.abort()
    }
  }
}

/** A simulated machine with its own data folder, and its runs. */
export class SimulatedHost {
  readonly task: Task
  readonly start: Start
  readonly #home: string
  #agent: ChildProcess | undefined

  constructor(start: Start, home: string, task: Omit<Task, 'runs'>, runs: number) {
    this.start = start
    this.#home = home
    const made = Array.from({ length: runs }, () => randomUUID())
    this.task = {
      ...task,
      runs: made.map((job_id) => ({ job_id, folder: join(home, 'runs', job_id) })),
    }
  }

  get agentPid(): number {
    return this.#agent?.pid ?? 0
  }

  /** Puts the runs on the board, as the programs that begin them do. */
  async register(db: Database): Promise<void> {
    await mkdir(this.#home, { recursive: true, mode: 0o700 })
    const host_id = await hostId({ home: this.#home, isShareable: true })
    for (const { job_id, folder } of this.task.runs) {
      const named = { name: 'simulated', project: 'simulated', host: 'simulated', source: JOURNAL }
      await registerJob(db, { job_id, host_id, root: folder, status: 'running', ...named })
    }
  }

  startAgent(): void {
    const env = {
      ...process.env,
      BESTMARK_HOME: this.#home,
      DATABASE_URL: this.task.databaseUrl,
    }
    const program = join(ROOT, 'apps/trainer/src/main.js')
    const profile = process.env['BENCH_AGENT_OPTIONS']?.split(' ') ?? []
    const stdio: SpawnOptions['stdio'] = ['ignore', 'ignore', 'inherit']
    this.#agent = this.start([process.execPath, ...profile, program, 'agent'], { env, stdio })
  }

  async stopAgent(): Promise<void> {
    if (!this.#agent || this.#agent.exitCode !== null) return
    const ended = once(this.#agent, 'exit')
    this.#agent.kill('SIGTERM')
    await ended
  }
}
