import {
  backtest,
  type Backtest,
  backtestCsv,
  Direction,
  measuredJson,
  measuredNames,
} from '@bestmark/core'
import { callerPath, oneOf, parseWords } from '../../cli/arguments.ts'
import { groupPattern } from './group.ts'
import { readRuns, type ReadRuns } from './read.ts'
import { backtestText } from './show.ts'
import { EXIT, Failure } from '../../failure.ts'
import { print, printFile, tell } from '../../cli/terminal.ts'

export const usage =
  'bestmark backtest PATH… --target METRIC [--metric NAME] [--mode min|max] [--group REGEX] [--at-least N] [--all] [--json | --csv]\n' +
  'METRIC is a metric as logged or without its split, `task` for what each run is about, or several with commas; --mode is the direction of one, or of those among several whose names do not tell.\n' +
  'A run belongs to what the first capture of --group finds in its path; else to owner/name of a folder owner__name__… or models--owner--name, the nearest repository, or the first folder below PATH.'

const OPTIONS = {
  target: { type: 'string' },
  metric: { type: 'string' },
  mode: { type: 'string' },
  group: { type: 'string' },
  'at-least': { type: 'string', default: '4' },
  all: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  csv: { type: 'boolean', default: false },
} as const

/** Replays every policy over the finished runs below some paths. Exits with 1 where there are none. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords(words, OPTIONS, usage)
  if (positionals.length === 0) throw new Failure(`Name runs, or folders of runs. Usage: ${usage}`)
  if (values.json && values.csv) throw new Failure('--json and --csv are told one at a time.')
  const direction = oneOf(Direction.options, values.mode, '--mode')
  const at_least = atLeast(values['at-least'])
  const pattern = groupPattern(values.group)
  const read = await readRuns(positionals.map(callerPath), { pattern, at_least })
  const { target, metric } = values
  if (target === undefined)
    throw new Failure(`Say what runs are judged by: --target METRIC. ${known(read)}`)
  const { unreadable } = read
  const answer = backtest(read.runs, { target, metric, direction, at_least, unreadable })
  refuse(answer, read, metric)
  if (values.json) print(measuredJson(answer))
  else if (values.csv) printFile(backtestCsv(answer))
  else (answer.runs > 0 ? print : tell)(...backtestText(answer, values.all))
  return answer.runs > 0 ? EXIT.found : EXIT.nothing
}

function atLeast(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 2) return number
  throw new Failure(`--at-least takes a whole number from 2, not "${text}".`)
}

/** Throws a Failure where what was asked for cannot be answered by any of the runs. */
function refuse(
  { target, left_out, runs, policies }: Backtest,
  read: ReadRuns,
  metric?: string,
): void {
  const evaluated = read.runs.filter(({ rows }) => rows.evaluations.length > 0)
  if (evaluated.length === 0) return
  const codes = new Set(left_out.map(({ code }) => code))
  const others = ['no_target', 'no_evaluation', 'same_run', 'unreadable']
  const hasOnly = (one: string): boolean =>
    runs === 0 && [...codes].every((code) => code === one || others.includes(code))
  if (hasOnly('no_target')) throw new Failure(`No run logged ${target}. ${known(read)}`)
  if (hasOnly('no_direction')) {
    throw new Failure(
      `Whether ${target} is better low or high is not known: say --mode min or --mode max.`,
    )
  }
  const names = metric === undefined ? [] : [...counts(read).keys()]
  const isKnown = names.some((name) => name === metric || name === `eval_${metric}`)
  if (metric !== undefined && !isKnown && !metric.includes('(')) {
    throw new Failure(`No run logged ${metric}. ${known(read)}`)
  }
  const decided = policies.find(({ policy }) => policy === 'metric')
  if (metric !== undefined && runs > 0 && decided?.runs === 0) {
    throw new Failure(
      `No run can be decided by ${metric}: it is the target itself, or tells it in another form. ${known(read)}`,
    )
  }
}

/** The metrics there are, as a sentence. */
function known(read: ReadRuns): string {
  const found = [...counts(read)].sort((a, b) => b[1] - a[1])
  if (found.length === 0) return `${read.runs.length} runs were read, and none evaluated anything.`
  const some = found.slice(0, LISTED).map(([name, runs]) => `${name} (${runs})`)
  const others = found.length > LISTED ? `, and ${found.length - LISTED} more` : ''
  return `Logged are, in so many runs: ${some.join(', ')}${others}.`
}

const LISTED = 20

function counts({ runs }: ReadRuns): Map<string, number> {
  const found = new Map<string, number>()
  for (const { rows } of runs) {
    for (const name of measuredNames(rows.evaluations)) found.set(name, (found.get(name) ?? 0) + 1)
  }
  return found
}
