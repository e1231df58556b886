import { csvRow } from '../csv.ts'
import type { Backtest } from './figures.ts'

const HEAD =
  'group run target direction among candidates best_step best_value policy step attempt value regret is_exact saw_target'

/** One row per (run, policy), with a head. */
export function backtestCsv({ replayed }: Backtest): string {
  const rows = replayed.flatMap(({ picks, group, name, ...run }) =>
    picks.map(({ policy, step, attempt, value, regret, is_exact, saw_target }) => [
      ...[group, name, run.target, run.direction, run.among],
      ...[run.candidates, run.best_step, run.best_value],
      ...[policy, step, attempt, value, regret, is_exact, saw_target],
    ]),
  )
  return [HEAD.split(' '), ...rows].map(csvRow).join('')
}
