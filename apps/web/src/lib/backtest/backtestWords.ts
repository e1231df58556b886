import type { Backtest, PolicyFigures } from '@bestmark/core'
import { UNKNOWN, count } from '../figures.ts'

/** A regret from 0 to 1 with three decimals, so that a column lines up. */
export function regret(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : value.toFixed(3)
}

/** In how many runs a policy chose, and in how many of them it used the target itself. */
export function runsWords({ runs, saw_target }: PolicyFigures): string {
  return saw_target === 0 ? count(runs) : `${count(runs)} (${count(saw_target)} used the target)`
}

/** Lowest mean first; policies that chose in no run last. */
export function ordered(policies: Backtest['policies']): PolicyFigures[] {
  const mean = ({ mean_regret }: PolicyFigures) => mean_regret ?? Infinity
  return policies.toSorted((a, b) => (mean(a) === mean(b) ? 0 : mean(a) - mean(b)))
}

/** The policies and baselines that chose in at least one run. */
export function choosing(policies: Backtest['policies']): string[] {
  return policies.filter(({ runs }) => runs > 0).map(({ policy }) => policy)
}
