import type { Backtest } from './figures.ts'

const HEAD =
  'group run target direction among candidates best_step best_value policy step attempt value regret is_exact saw_target'

/**
 * How a cell begins that a spreadsheet would run as a formula, also in the wide forms that some take
 * for the same (https://owasp.org/www-community/attacks/CSV_Injection).
 */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/**
 * One row a (run, policy), with a head; cells are quoted as RFC 4180 says. Text that would be a
 * formula in a spreadsheet has an apostrophe before it.
 */
export function backtestCsv({ replayed }: Backtest): string {
  const rows = replayed.flatMap(({ picks, group, name, ...run }) =>
    picks.map(({ policy, step, attempt, value, regret, is_exact, saw_target }) => [
      ...[group, name, run.target, run.direction, run.among],
      ...[run.candidates, run.best_step, run.best_value],
      ...[policy, step, attempt, value, regret, is_exact, saw_target],
    ]),
  )
  return [HEAD.split(' '), ...rows].map((row) => `${row.map(cell).join(',')}\n`).join('')
}

function cell(value: string | number | boolean): string {
  const told = String(value)
  const text = typeof value === 'string' && FORMULA.test(told) ? `'${told}` : told
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
