import type { Direction } from '../run/event.ts'
import { fieldOf, type BacktestRun, type Field } from './field.ts'
import type { Backtest, LeftOut, Pick, PolicyFigures, ReplayedRun } from './figures.ts'
import { pickAt, replay, SCORED } from './replay.ts'
import { sameRuns } from './sameRun.ts'
import { fitted } from './scored.ts'
import { summary } from './summary.ts'
import { share, verdict } from './verdict.ts'

export interface BacktestOptions {
  /** A metric's name, `task`, or several of these with commas; see `targetOf`. */
  target: string
  /** What policy `metric` decides by; where none is told, the run's most telling task metric. */
  metric?: string | undefined
  /** The target's direction, where its name does not tell. */
  direction?: Direction | undefined
  /** How many candidates a run must have (4): with fewer, chance picks the best too often. */
  at_least?: number | undefined
  seed?: number | undefined
  /** Runs that could not even be read, told with the others that are left out. */
  unreadable?: readonly LeftOut[] | undefined
}

/** With 4 candidates chance alone picks the very best in one run of four. */
const AT_LEAST = 4

/**
 * Replays every policy and the baselines `last` and `lowest eval_loss` over finished runs, and
 * measures their regret in the target, which no policy sees but `as_declared` (where the run itself
 * decided by it). The same for the same runs in any order.
 */
export function backtest(runs: readonly BacktestRun[], options: BacktestOptions): Backtest {
  const { target, metric, direction, at_least = AT_LEAST, seed = 1 } = options
  const { fields, left_out } = fieldsOf(runs, { target, direction, at_least })
  left_out.push(...(options.unreadable ?? []))
  const { held_out, weights } = fitted(fields)
  const replayed = fields.map((field) => {
    const scored = pickAt(field, SCORED, held_out.get(field) ?? -1)
    return replayedRun(field, [...replay(field, metric), ...(scored ? [scored] : [])])
  })
  const policies = summary(replayed, seed)
  const groups = new Set(replayed.map(({ group }) => group)).size
  return {
    ...{ target, at_least, runs: replayed.length, groups, policies },
    scored: verdict(policies, weights),
    ...{ replayed, left_out },
    text: sentence(target, { runs: replayed.length, groups, policies, left_out }),
  }
}

function fieldsOf(
  runs: readonly BacktestRun[],
  options: { target: string; direction: Direction | undefined; at_least: number },
): { fields: Field[]; left_out: LeftOut[] } {
  const sorted = [...runs].sort(byGroupAndName)
  const same = sameRuns(sorted.filter(({ rows }) => rows.evaluations.length > 0))
  const fields: Field[] = []
  const left_out: LeftOut[] = []
  for (const run of sorted) {
    const longer = same.get(run)
    const found = longer ? sameRun(run, longer) : fieldOf(run, options)
    if ('code' in found) left_out.push(found)
    else fields.push(found)
  }
  return { fields, left_out }
}

function byGroupAndName(a: BacktestRun, b: BacktestRun): number {
  return compare(a.group, b.group) || compare(a.name, b.name)
}

/** By code unit, so that no machine's language changes the order. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function sameRun({ name, group, rows }: BacktestRun, longer: BacktestRun): LeftOut {
  const of = longer.group === group ? longer.name : `${longer.name} in ${longer.group}`
  const isCopy = rows.evaluations.length === longer.rows.evaluations.length
  const why = `its evaluations are ${isCopy ? 'those' : 'the beginning'} of ${of}`
  return { name, group, code: 'same_run', why }
}

function replayedRun(field: Field, picks: Pick[]): ReplayedRun {
  const { run, target, direction, candidates, values, best } = field
  const { name, group, among } = run
  const best_step = candidates[values.indexOf(best)]?.step ?? 0
  const judged = { candidates: candidates.length, best_step, best_value: best }
  return { name, group, target, direction, among, ...judged, picks }
}

interface Summed {
  runs: number
  groups: number
  policies: readonly PolicyFigures[]
  left_out: readonly LeftOut[]
}

function sentence(target: string, { runs, groups, policies, left_out }: Summed): string {
  const others = left_out.length > 0 ? `; ${left_out.length} were left out` : ''
  if (runs === 0) return `No run can be replayed against ${target}${others}.`
  const fair = policies.filter((one) => one.runs === runs && one.saw_target === 0)
  const [first] = fair.sort((a, b) => (a.mean_regret ?? 1) - (b.mean_regret ?? 1))
  const of = `${counted(runs, 'run')} of ${counted(groups, 'group')}`
  const lowest = first ? ` ${first.policy} has the lowest mean regret, ${figures(first)};` : ''
  const rest = fair.filter((one) => one !== first && one.kind === 'baseline')
  const beside = rest.map((one) => `${one.policy} has ${figures(one)}`).join(' and ')
  return `Over ${of}, judged by ${target},${lowest} ${beside}${others}.`
}

function figures({ mean_regret, interval }: PolicyFigures): string {
  const spread = interval ? ` (95 % ${share(interval[0])} to ${share(interval[1])})` : ''
  return `${share(mean_regret ?? NaN)}${spread}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
