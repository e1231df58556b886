import { backtest, type Backtest, backtestCsv, measuredJson, metricNames } from '@bestmark/core'
import { callerPath } from '../../cli/callerPath.ts'
import { parse } from '../../cli/parse.ts'
import { groupPattern } from './group.ts'
import { readRuns, type ReadRuns } from './backtestRuns.ts'
import { backtestText } from './backtestText.ts'
import { BACKTEST } from './backtest.table.ts'
import { EXIT, Failure } from '../../failure.ts'
import { print, printFile, notify } from '../../cli/terminal.ts'

/** Replays every policy over the finished runs below some paths. Exits with 1 if there are none. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, BACKTEST)
  if (values.json && values.csv) throw new Failure('Use either --json or --csv.')
  const { mode: direction, 'at-least': at_least } = values
  const pattern = groupPattern(values.group)
  const read = await readRuns(args.PATH.map(callerPath), { pattern, at_least })
  const { target, metric } = values
  if (target === undefined)
    throw new Failure(`--target is missing. Name the metric of the backtest. ${loggedText(read)}`)
  const { unreadable } = read
  const answer = backtest(read.runs, { target, metric, direction, at_least, unreadable })
  refuse(answer, read, metric)
  if (values.json) print(measuredJson(answer))
  else if (values.csv) printFile(backtestCsv(answer))
  else (answer.runs > 0 ? print : notify)(...backtestText(answer, values.all))
  return answer.runs > 0 ? EXIT.found : EXIT.nothing
}

/** Throws a Failure if the options fit none of the runs. */
function refuse(
  { target, skipped, runs, policies }: Backtest,
  read: ReadRuns,
  metric?: string,
): void {
  const evaluated = read.runs.filter(({ rows }) => rows.evaluations.length > 0)
  if (evaluated.length === 0) return
  const codes = new Set(skipped.map(({ code }) => code))
  const others = ['no_target', 'no_evaluation', 'same_run', 'unreadable']
  const hasOnly = (one: string): boolean =>
    runs === 0 && [...codes].every((code) => code === one || others.includes(code))
  if (hasOnly('no_target')) throw new Failure(`No run logged ${target}. ${loggedText(read)}`)
  if (hasOnly('no_direction')) {
    throw new Failure(
      `It is unknown whether a low or a high ${target} is better. Add --mode min or --mode max.`,
    )
  }
  const names = metric === undefined ? [] : [...counts(read).keys()]
  const isLogged = names.some((name) => name === metric || name === `eval_${metric}`)
  if (metric !== undefined && !isLogged && !metric.includes('(')) {
    throw new Failure(`No run logged ${metric}. ${loggedText(read)}`)
  }
  const decided = policies.find(({ policy }) => policy === 'metric')
  if (metric !== undefined && runs > 0 && decided?.runs === 0) {
    throw new Failure(
      `--metric ${metric} cannot decide: it is the target itself, or another form of it. ${loggedText(read)}`,
    )
  }
}

/** Lists the logged metrics in a sentence. */
function loggedText(read: ReadRuns): string {
  const found = [...counts(read)].sort((a, b) => b[1] - a[1])
  if (found.length === 0) return `None of the ${read.runs.length} runs logged an evaluation.`
  const some = found.slice(0, LISTED).map(([name, runs]) => `${name} (${runs})`)
  const others = found.length > LISTED ? `, and ${found.length - LISTED} more` : ''
  return `Logged metrics (number of runs): ${some.join(', ')}${others}.`
}

const LISTED = 20

function counts({ runs }: ReadRuns): Map<string, number> {
  const found = new Map<string, number>()
  for (const { rows } of runs) {
    for (const name of metricNames(rows.evaluations)) found.set(name, (found.get(name) ?? 0) + 1)
  }
  return found
}
