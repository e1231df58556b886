import { backtest, type Backtest, type BacktestOptions } from '@bestmark/core'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { FinishedRun } from './finishedRuns.ts'
import { programPath } from '../programs.ts'
import { lossFinder } from '../series/lossFinder.ts'

/** The runs and options of one replay. */
export interface ReplayOrder {
  runs: readonly FinishedRun[]
  options: BacktestOptions
}

/** Up to this many values, a replay takes less time than the start of a process. */
const FEW_VALUES = 5_000

/** Runs a backtest without blocking the server: a long one runs in its own process. */
export async function replay(order: ReplayOrder): Promise<Backtest> {
  const evaluations = order.runs.flatMap(({ rows }) => rows.evaluations)
  const values = evaluations.reduce((sum, one) => sum + Object.keys(one.values).length, 0)
  return values <= FEW_VALUES ? replayHere(order) : replayApart(order)
}

/** Replays in this process. */
export function replayHere({ runs, options }: ReplayOrder): Backtest {
  const withLosses = runs.map(({ losses, ...run }) => {
    return { ...run, context: { trainLoss: lossFinder(losses) } }
  })
  return backtest(withLosses, options)
}

const PROGRAM = programPath('./replayProcess.ts', import.meta.url)

/**
 * Replays in a separate process. Throws if that process fails; its error output goes to this
 * process's standard error.
 */
export async function replayApart(order: ReplayOrder): Promise<Backtest> {
  // Advanced serialisation keeps NaN, the infinities and maps.
  const child = fork(PROGRAM, { serialization: 'advanced', execArgv: [] })
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
    throw new Error(`The backtest process ended with ${String(code ?? signal)}.`)
  })
  try {
    child.send(order)
    // `replayProcess.ts` sends exactly this answer.
    const answered = once(child, 'message').then(([answer]) => answer as Backtest)
    return await Promise.race([answered, exited])
  } finally {
    exited.catch(() => undefined)
    child.kill()
  }
}
