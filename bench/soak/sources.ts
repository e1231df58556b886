import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readStoredRows } from '@bestmark/db/testing'
import type { Board } from '../../apps/trainer/src/board/board.ts'
import { importRun } from '../../apps/trainer/src/recording/importRun.ts'
import { eventually, temporaryFolder } from '../../apps/trainer/src/testing.ts'
import { openBoard } from '../../apps/trainer/src/board/board.ts'
import { STEPS, WRITERS } from './writers.ts'

/** The outcome of one program's run. */
export interface SourceOutcome {
  source: string
  /** Steps that the program wrote, and steps whose loss is on the board in order and once. */
  written: number
  recorded: number
  /** Whether the board equals a new board that reads the files afterwards. */
  isSame: boolean
}

/** How long the recorders may take after everything is written (ms). */
const PATIENCE = 90_000

/** Runs of every source, written while their recorders are killed. */
export class SourcesSoak implements Disposable {
  readonly #folder: string
  readonly #writers: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #jobs = new Map<string, string>()

  constructor(folder: string) {
    this.#folder = folder
    const program = join(import.meta.dirname, 'writers.ts')
    this.#writers = spawn(process.execPath, [program, folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    this.#ended = once(this.#writers, 'exit')
  }

  /** Puts the runs on a board as soon as they have begun. */
  async register(board: Board): Promise<void> {
    for (const source of Object.keys(WRITERS)) {
      const root = join(this.#folder, source)
      await eventually(async () => ((await hasBegun(root)) ? true : undefined))
      const job = await eventually(() => importRun(board, root, {}).catch(() => undefined))
      this.#jobs.set(source, job.job_id)
    }
  }

  /** Ends the programs. */
  async end(): Promise<void> {
    this.#writers.kill('SIGTERM')
    await this.#ended
  }

  /** Compares what the agents recorded with what a new board reads from the same files. */
  async outcomes(board: Board): Promise<SourceOutcome[]> {
    const written: unknown = JSON.parse(await readFile(join(this.#folder, STEPS), 'utf8'))
    await using home = await temporaryFolder()
    await using fresh = await openBoard({ BESTMARK_HOME: home.path })
    const outcomes: SourceOutcome[] = []
    const until = performance.now() + PATIENCE
    for (const [source, job_id] of this.#jobs) {
      const { job_id: of_fresh } = await importRun(fresh, join(this.#folder, source), {})
      const expected = rowsIn(await readStoredRows(fresh.db, of_fresh))
      const same = async () => {
        return isDeepStrictEqual(rowsIn(await readStoredRows(board.db, job_id)), expected)
      }
      const isSame = await eventually(async () => {
        return (await same()) || (performance.now() > until ? false : undefined)
      })
      const { points } = await readStoredRows(board.db, job_id)
      const steps = points['0 loss']?.map(([step]) => step) ?? []
      const recorded = steps.every((step, index) => step === (steps[0] ?? 0) + index)
        ? steps.length
        : NaN
      outcomes.push({ source, written: Number(written), recorded, isSame })
    }
    return outcomes
  }

  [Symbol.dispose](): void {
    this.#writers.kill('SIGKILL')
  }
}

async function hasBegun(root: string): Promise<boolean> {
  return (await stat(root).catch(() => undefined)) !== undefined
}

/** The events of the program, without the board's own log lines, which differ between boards. */
function rowsIn({ points, evaluations, checkpoints }: Awaited<ReturnType<typeof readStoredRows>>) {
  return { points, evaluations, checkpoints }
}
