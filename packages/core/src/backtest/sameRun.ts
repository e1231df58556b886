import { firstEvaluations, measureOf, metricNames } from '../metric/evaluations.ts'
import type { BacktestRun } from './replay.ts'

/**
 * The runs whose evaluations are only the beginning of another run's, each with the longest such
 * run. They are copies, or a state that a checkpoint kept. Groups do not matter: coefficients that
 * were chosen on a copy would be tested on a run that they already saw. If runs are equal, the first
 * stays.
 */
export function sameRuns(runs: readonly BacktestRun[]): Map<BacktestRun, BacktestRun> {
  const traced = runs.map((run): Traced => ({ run, trace: traceOf(run) }))
  // Only runs with the same first evaluation need to be compared.
  const alike = Map.groupBy(traced, ({ trace }) => trace[0])
  const same = new Map<BacktestRun, BacktestRun>()
  for (const some of alike.values()) {
    const kept: Traced[] = []
    // The sort is stable, so of equal runs the first stays.
    for (const one of some.sort(longestFirst)) {
      const longer = kept.find(({ trace }) => begins(one.trace, trace))
      if (longer) same.set(one.run, longer.run)
      else kept.push(one)
    }
  }
  return same
}

interface Traced {
  run: BacktestRun
  /** One text per evaluation: its step and its values, except rates and times. */
  trace: string[]
}

function traceOf({ rows }: BacktestRun): string[] {
  const evaluations = firstEvaluations(rows.evaluations)
  const names = metricNames(evaluations).sort()
  return evaluations.map((evaluation) => {
    const values = names.flatMap((name) => {
      const value = measureOf(evaluation, name)
      return value === undefined ? [] : [`${name}=${value}`]
    })
    return JSON.stringify([evaluation.step, ...values])
  })
}

function longestFirst(a: Traced, b: Traced): number {
  return b.trace.length - a.trace.length
}

function begins(shorter: readonly string[], longer: readonly string[]): boolean {
  return shorter.every((one, index) => one === longer[index])
}
