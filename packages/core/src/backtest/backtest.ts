import type { Direction } from '../run/event.ts'
import { replayOf, type BacktestRun, type Replay } from './replay.ts'
import type { Backtest, SkippedRun, Pick, ReplayedRun } from './figures.ts'
import { pickAt, policyPicks, SCORED } from './picks.ts'
import { sameRuns } from './sameRun.ts'
import { fitCoefficients } from './scored.ts'
import { summary } from './summary.ts'
import { backtestSentence } from './sentence.ts'
import { verdict } from './verdict.ts'
import { byText } from '../textOrder.ts'

export interface BacktestOptions {
  /** A metric's name, `task`, or several of these with commas; see `targetOf`. */
  target: string
  /** The metric of policy `metric`; by default the run's first task metric. */
  metric?: string | undefined
  /** The target's direction, if its name does not show it. */
  direction?: Direction | undefined
  /** How many candidates a run must have (4): with fewer, chance picks the best too often. */
  at_least?: number | undefined
  seed?: number | undefined
  /** Runs that could not be read; they are listed with the other skipped runs. */
  unreadable?: readonly SkippedRun[] | undefined
}

/** With 4 candidates, a random choice is the best in one run of four. */
const AT_LEAST = 4

/**
 * Replays every policy and the baselines `last` and `lowest eval_loss` over finished runs, and
 * measures their regret in the target. Only `as_declared` sees the target, and only if the run
 * itself decided by it. The order of the runs does not matter.
 */
export function backtest(runs: readonly BacktestRun[], options: BacktestOptions): Backtest {
  const { target, metric, direction, at_least = AT_LEAST, seed = 1 } = options
  const { replays, skipped } = replaysOf(runs, { target, direction, at_least })
  skipped.push(...(options.unreadable ?? []))
  const { held_out, coefficients } = fitCoefficients(replays)
  const replayed = replays.map((replay) => {
    const scored = pickAt(replay, SCORED, held_out.get(replay) ?? -1)
    return replayedRun(replay, [...policyPicks(replay, metric), ...(scored ? [scored] : [])])
  })
  const policies = summary(replayed, seed)
  const groups = new Set(replayed.map(({ group }) => group)).size
  return {
    ...{ target, at_least, runs: replayed.length, groups, policies },
    scored: verdict(policies, coefficients),
    ...{ replayed, skipped },
    text: backtestSentence(target, { replayed, groups, policies, skipped }),
  }
}

function replaysOf(
  runs: readonly BacktestRun[],
  options: { target: string; direction: Direction | undefined; at_least: number },
): { replays: Replay[]; skipped: SkippedRun[] } {
  const sorted = [...runs].sort(byGroupAndName)
  const same = sameRuns(sorted.filter(({ rows }) => rows.evaluations.length > 0))
  const replays: Replay[] = []
  const skipped: SkippedRun[] = []
  for (const run of sorted) {
    const longer = same.get(run)
    const found = longer ? sameRun(run, longer) : replayOf(run, options)
    if ('code' in found) skipped.push(found)
    else replays.push(found)
  }
  return { replays, skipped }
}

function byGroupAndName(a: BacktestRun, b: BacktestRun): number {
  return byText(a.group, b.group) || byText(a.name, b.name)
}

function sameRun({ name, group, rows }: BacktestRun, longer: BacktestRun): SkippedRun {
  const of = longer.group === group ? longer.name : `${longer.name} in ${longer.group}`
  const isCopy = rows.evaluations.length === longer.rows.evaluations.length
  const why = `its evaluations are ${isCopy ? 'the same as those' : 'the first ones'} of ${of}`
  return { name, group, code: 'same_run', why }
}

function replayedRun(replay: Replay, picks: Pick[]): ReplayedRun {
  const { run, target, direction, candidates, best } = replay
  const { name, group, among } = run
  const best_step = candidates.find(({ value }) => value === best)?.step ?? 0
  const outcome = { candidates: candidates.length, best_step, best_value: best }
  return { name, group, target, direction, among, ...outcome, picks }
}
