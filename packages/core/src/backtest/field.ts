import type { Direction } from '../run/event.ts'
import { isFiniteMeasure } from '../measured.ts'
import { stepKey } from '../run/keys.ts'
import type { RunRows, Checkpoint, Evaluation } from '../run/rows.ts'
import type { RunContext } from '../run/context.ts'
import { firstEvaluations, measureOf } from '../metric/evaluations.ts'
import { featuresOf, isLossLike, type Features } from '../selection/score.ts'
import { select } from '../selection/select.ts'
import type { LeftOut } from './figures.ts'
import { blindly, hiddenOf } from './hiding.ts'
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

export interface FieldOptions {
  target: string
  direction?: Direction | undefined
  at_least: number
}

/** One run as policies meet it: candidates, what they are worth, and rows that do not tell it. */
export interface Field {
  run: BacktestRun
  target: string
  direction: Direction
  /** Attempt and step of each candidate, in order of step. */
  candidates: { attempt: number; step: number }[]
  /** The target of each candidate. */
  values: number[]
  best: number
  worst: number
  /** The target and whatever else tells it. */
  hidden: string[]
  /** The rows as logged, and without what is hidden; their checkpoints are the candidates. */
  seen: Rows
  blind: Rows
  /** The held-out loss, and each candidate's features. */
  loss: string
  features: Features[]
}

/** Why a run cannot be replayed. */
type Unfit = Pick<LeftOut, 'code' | 'why'>

/** A run as a field, or why it cannot be replayed. O(evaluations × metrics). */
export function fieldOf(run: BacktestRun, options: FieldOptions): Field | LeftOut {
  const field = fieldOrWhy(run, options)
  return 'code' in field ? { name: run.name, group: run.group, ...field } : field
}

function fieldOrWhy(run: BacktestRun, options: FieldOptions): Field | Unfit {
  const evaluations = firstEvaluations(run.rows.evaluations)
  const judged = judgedBy(run, evaluations, options)
  if ('code' in judged) return judged
  const measured = candidatesOf(run, evaluations, judged.target)
  if (measured.length < options.at_least) return tooFew(run, judged.target, options)
  const values = measured.map((one) => measureOf(one, judged.target) ?? NaN)
  const [best, worst] = bestAndWorst(values, judged.direction)
  if (best === worst) {
    return { code: 'constant_target', why: `${judged.target} is the same at every step` }
  }
  const hidden = hiddenOf(judged.target, measured)
  const candidates = measured.map(({ attempt, step }) => ({ attempt, step }))
  const checkpoints = candidates.map(whole)
  const seen = { ...run.rows, evaluations, checkpoints }
  const blind = { ...blindly(seen, hidden), checkpoints }
  const loss = lossOf(blind)
  const known = loss === null ? [] : measured.map((one) => measureOf(one, loss))
  if (loss === null || !known.some(isFiniteMeasure)) {
    return { code: 'no_loss', why: 'no one evaluation loss was logged that can decide' }
  }
  const features = featuresOf({
    ...{ candidates, evaluations: blind.evaluations, loss, hidden },
    trainLoss: run.context.trainLoss,
    directions: run.rows.declaration.directions,
  })
  return { run, ...judged, candidates, values, best, worst, hidden, seen, blind, loss, features }
}

/** What a run is judged by, or why it cannot be. */
function judgedBy(
  { rows }: BacktestRun,
  evaluations: readonly Evaluation[],
  options: FieldOptions,
): { target: string; direction: Direction } | Unfit {
  if (evaluations.length === 0) return { code: 'no_evaluation', why: 'nothing was evaluated' }
  const found = targetOf(rows, evaluations, options.target, options.direction)
  if (!found) return { code: 'no_target', why: `${options.target} was never logged` }
  const { metric: target, direction } = found
  if (!direction) {
    return { code: 'no_direction', why: `whether ${target} is better low or high is not known` }
  }
  const loss = isLossLike(target) ? lossOf({ ...rows, evaluations }) : null
  if (loss !== null && isLossInForm(target, loss, evaluations)) {
    const as = target === loss ? '' : `${loss} in another form, `
    const why = `${target} is ${as}what lowest eval_loss itself decides by`
    return { code: 'target_is_loss', why }
  }
  return { target, direction }
}

function bestAndWorst(values: readonly number[], direction: Direction): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  return direction === 'min' ? [low, high] : [high, low]
}

/** How far a value is from the best of its run, in the run's range: 0 the best, 1 the worst. */
export function regretOf({ best, worst }: Pick<Field, 'best' | 'worst'>, value: number): number {
  // A range that no double can hold is halved before it is taken.
  const unit = Number.isFinite(best - worst) ? 1 : 2
  return Math.abs((value / unit - best / unit) / (worst / unit - best / unit))
}

function tooFew({ among }: BacktestRun, target: string, { at_least }: FieldOptions): Unfit {
  return { code: 'too_few', why: `fewer than ${at_least} ${among} have a finite ${target}` }
}

/** Evaluations with a finite target and, where files count, weights that are whole. */
function candidatesOf(
  { rows, among }: BacktestRun,
  evaluations: readonly Evaluation[],
  target: string,
): Evaluation[] {
  const finite = evaluations.filter((one) => isFiniteMeasure(measureOf(one, target)))
  if (among === 'evaluations') return finite
  const complete = new Set<string>()
  for (const { attempt, step, files_state } of rows.checkpoints) {
    if (files_state === 'complete') complete.add(stepKey({ attempt, step }))
  }
  return finite.filter((one) => complete.has(stepKey(one)))
}

function whole({ attempt, step }: { attempt: number; step: number }): Checkpoint {
  const files = { files_state: 'complete', files_why: null } as const
  return { checkpoint_id: null, attempt, step, path: `attempt-${attempt}-step-${step}`, ...files }
}

/** The loss that policy `lowest_eval_loss` decides by, where there is one. */
function lossOf(rows: Rows): string | null {
  const input = { ...rows, policy: 'lowest_eval_loss', among: 'evaluations' } as const
  const { best, metric } = select(input)
  return best && metric
}
