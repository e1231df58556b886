import type { Direction } from '../run/event.ts'
import { isFiniteMeasure } from '../measured.ts'
import { mayBeWhole } from '../run/filesState.ts'
import { stepKey, type StepKey } from '../run/keys.ts'
import type { RunRows, Checkpoint, Evaluation } from '../run/rows.ts'
import type { RunContext } from '../run/context.ts'
import { firstEvaluations, measureOf } from '../metric/evaluations.ts'
import { featuresOf, isLossLike, type Features } from '../selection/score.ts'
import { select } from '../selection/select.ts'
import type { SkippedRun } from './figures.ts'
import { withoutHidden, hiddenMetrics } from './hiddenMetrics.ts'
import { isLossInForm } from './lossForm.ts'
import { type Rows, targetOf } from './target.ts'

/** A finished run to replay. */
export interface BacktestRun {
  name: string
  /** The repository or project that it belongs to. */
  group: string
  rows: RunRows
  context: RunContext
  among: 'checkpoints' | 'evaluations'
}

export interface ReplayOptions {
  target: string
  direction?: Direction | undefined
  at_least: number
}

/** One finished run in a backtest: its candidates, their target values, and rows without the target. */
export interface Replay {
  run: BacktestRun
  target: string
  direction: Direction
  /** The candidates in order of step, each with its value of the target. */
  candidates: { attempt: number; step: number; value: number }[]
  best: number
  worst: number
  /** The target and every metric that reveals it. */
  hidden: string[]
  /** The rows as logged, and without the hidden metrics. Their checkpoints are the candidates. */
  seen: Rows
  blind: Rows
  /** The held-out loss, and the features of each candidate. */
  loss: string
  features: Features[]
}

/** Why a run cannot be replayed. */
type Unfit = Pick<SkippedRun, 'code' | 'why'>

/** A run as a replay, or why it cannot be replayed. O(evaluations × metrics). */
export function replayOf(run: BacktestRun, options: ReplayOptions): Replay | SkippedRun {
  const replay = replayOrWhy(run, options)
  return 'code' in replay ? { name: run.name, group: run.group, ...replay } : replay
}

function replayOrWhy(run: BacktestRun, options: ReplayOptions): Replay | Unfit {
  const evaluations = firstEvaluations(run.rows.evaluations)
  const found = targetOrWhy(run, evaluations, options)
  if ('code' in found) return found
  const measured = candidatesOf(run, evaluations, found.target)
  if (measured.length < options.at_least) return tooFew(run, found.target, options)
  const candidates = measured.map((one) => {
    return { attempt: one.attempt, step: one.step, value: measureOf(one, found.target) ?? NaN }
  })
  const [best, worst] = bestAndWorst(candidates, found.direction)
  if (best === worst) {
    return { code: 'constant_target', why: `${found.target} is the same at every step` }
  }
  const hidden = hiddenMetrics(found.target, measured)
  const checkpoints = candidates.map(whole)
  const seen = { ...run.rows, evaluations, checkpoints }
  const blind = { ...withoutHidden(seen, hidden), checkpoints }
  const loss = lossOf(blind)
  if (loss === null || !measured.some((one) => isFiniteMeasure(measureOf(one, loss)))) {
    return { code: 'no_loss', why: 'the run has no evaluation loss that can decide' }
  }
  const features = featuresOf({
    ...{ candidates, evaluations: blind.evaluations, loss, hidden },
    trainLoss: run.context.trainLoss,
    directions: run.rows.declaration.directions,
  })
  return { run, ...found, candidates, best, worst, hidden, seen, blind, loss, features }
}

/** The target of a run, or why it has none. */
function targetOrWhy(
  { rows }: BacktestRun,
  evaluations: readonly Evaluation[],
  options: ReplayOptions,
): { target: string; direction: Direction } | Unfit {
  if (evaluations.length === 0) return { code: 'no_evaluation', why: 'the run has no evaluation' }
  const found = targetOf(rows, evaluations, options.target, options.direction)
  if (!found) return { code: 'no_target', why: `${options.target} was never evaluated` }
  const { metric: target, direction } = found
  if (!direction) {
    return { code: 'no_direction', why: `the direction of ${target} is unknown` }
  }
  const loss = isLossLike(target) ? lossOf({ ...rows, evaluations }) : null
  if (loss !== null && isLossInForm(target, loss, evaluations)) {
    const as = target === loss ? '' : `${loss} in another form, `
    const why = `${target} is ${as}the metric of lowest eval_loss`
    return { code: 'target_is_loss', why }
  }
  return { target, direction }
}

function bestAndWorst(
  candidates: Replay['candidates'],
  direction: Direction,
): [best: number, worst: number] {
  const values = candidates.map(({ value }) => value)
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  return direction === 'min' ? [low, high] : [high, low]
}

/** The distance of a value from the run's best, as a share of the run's range: 0 best, 1 worst. */
export function regretOf({ best, worst }: Pick<Replay, 'best' | 'worst'>, value: number): number {
  // A range above the largest double is halved first.
  const unit = Number.isFinite(best - worst) ? 1 : 2
  return Math.abs((value / unit - best / unit) / (worst / unit - best / unit))
}

function tooFew({ among }: BacktestRun, target: string, { at_least }: ReplayOptions): Unfit {
  return { code: 'too_few', why: `fewer than ${at_least} ${among} have a finite ${target}` }
}

/** Evaluations with a finite target and, if files matter, complete files. */
function candidatesOf(
  { rows, among }: BacktestRun,
  evaluations: readonly Evaluation[],
  target: string,
): Evaluation[] {
  const finite = evaluations.filter((one) => isFiniteMeasure(measureOf(one, target)))
  if (among === 'evaluations') return finite
  const complete = new Set<string>()
  for (const { attempt, step, files_state } of rows.checkpoints) {
    if (mayBeWhole(files_state)) complete.add(stepKey({ attempt, step }))
  }
  return finite.filter((one) => complete.has(stepKey(one)))
}

function whole(at: StepKey): Checkpoint {
  const files = { files_state: 'complete', files_why: null } as const
  return { checkpoint_id: null, attempt: at.attempt, step: at.step, path: stepKey(at), ...files }
}

/** The loss by which policy `lowest_eval_loss` decides, if there is one. */
function lossOf(rows: Rows): string | null {
  const input = { ...rows, policy: 'lowest_eval_loss', among: 'evaluations' } as const
  const { best, metric } = select(input)
  return best && metric
}
