import type { Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { isFiniteMeasure } from '../measured.ts'
import { bestEvaluation } from './candidates.ts'
import { superlative } from '../metric/direction.ts'
import { measureOf } from '../metric/evaluations.ts'
import { errorFigure, figure, signed } from '../metric/figure.ts'
import { whoWords, type Decider } from './decider.ts'
import type { PolicyProblem } from './policyProblem.ts'
import { problemText } from './problemText.ts'
import { unlikeSamples } from './samples.ts'
import type { Ranked, Selection } from './selection.ts'
import { stepsInWords } from './ties.ts'

type Found = Pick<
  Selection,
  'best' | 'runner_up' | 'margin' | 'ranking' | 'passed_over' | 'missed_best' | 'near_ties'
> & {
  policy: Selection['policy']
  prefer: Selection['prefer']
  among: 'checkpoints' | 'evaluations'
  /** Why the weights of the best evaluation cannot be shipped, where they were saved. */
  lost_best: string | null
  /** First evaluations, in order of step. */
  evaluations: readonly Evaluation[]
}

type ReasonInput = { problem: PolicyProblem } | ({ problem: null; decided: Decider } & Found)

/** The decision as one plain sentence. */
export function reason(input: ReasonInput): string {
  if (input.problem) return `No checkpoint can be chosen. ${problemText(input.problem)}`
  const { best, decided } = input
  if (!best) return `No checkpoint can be chosen: ${nothing(decided, input)}.`
  const what = isTied(input) ? tied(decided, input) : alone(decided, input)
  return `${what}${next(input)}${told(decided)}${missed(input)}${unbeaten(decided, input)}${unlike(decided, input)}.`
}

/** Whether the chosen one is among several that noise cannot tell apart. */
function isTied({ near_ties, best }: Found): boolean {
  const ties = near_ties?.candidates ?? []
  const isBest = ({ step, attempt }: Ranked): boolean =>
    step === best?.step && attempt === best.attempt
  return ties.length > 1 && ties.some(isBest)
}

/** Where noise cannot tell some apart, they lead the sentence. */
function tied({ metric, direction }: Decider, found: Found): string {
  const { near_ties, best, ranking, prefer } = found
  const steps = stepsInWords(near_ties?.candidates ?? [], ranking)
  const noise = near_ties?.noise.standard_error ?? 0
  const apart = noise === 0 ? 'are equal' : `cannot be told apart (noise ±${errorFigure(noise)})`
  const why = prefer
    ? `because it is the ${prefer} of them`
    : found.policy === 'scored'
      ? 'by its score'
      : noise === 0
        ? 'because it came first'
        : `because it is the ${superlative(direction ?? 'min')}`
  const value = `${metric} ${figure(best?.value ?? NaN)}`
  return `${steps} ${apart}; step ${best?.step} is taken ${why} (${value})`
}

function alone(
  { metric, direction }: Decider,
  { ranking, among, best, runner_up, policy, prefer, near_ties }: Found,
) {
  const noun = among === 'checkpoints' ? 'checkpoint' : 'evaluation'
  const value = `${metric} ${figure(best?.value ?? NaN)}`
  const start = `Step ${best?.step}${best && runner_up ? ofAttempt(best, runner_up) : ''}`
  if (ranking.length === 1) return `${start} is the only ${noun} that can be compared (${value})`
  if (policy === 'scored') {
    return `${start} has the best score of ${ranking.length} ${noun}s (${value})`
  }
  const unknown = prefer && !near_ties ? ', and the noise is not known' : ''
  return `${start} has the ${superlative(direction ?? 'min')} ${metric} of ${ranking.length} ${noun}s (${value})${unknown}`
}

function next({ runner_up, margin, best }: Found): string {
  if (!runner_up || margin === null || !best) return ''
  const step = `step ${runner_up.step}${ofAttempt(runner_up, best)}`
  if (margin === 0) return `; ${step} ties with it${later(best, runner_up)}`
  return `; next is ${step} (${signed(runner_up.value - best.value)})`
}

/** Where several attempts are compared a step alone does not say whose weights it means. */
function ofAttempt(one: Ranked, other: Ranked | null): string {
  return other && one.attempt !== other.attempt ? ` of attempt ${one.attempt}` : ''
}

function later(best: { step: number }, other: { step: number }): string {
  return other.step >= best.step ? ' and came later' : ''
}

function told(decided: Decider): string {
  return decided.declared_by === null ? '' : `; ${whoWords(decided)}`
}

/** Values over different sets do not compare, and that is said with the choice. */
function unlike({ metric }: Decider, { evaluations }: Found): string {
  const found = metric === null ? null : unlikeSamples(evaluations, metric)
  return found ? `; beware: measured over ${found.few} to ${found.many} samples` : ''
}

function missed({ missed_best, lost_best }: Found): string {
  if (lost_best) return `; a better one cannot be shipped: ${lost_best}`
  return missed_best ? `; ${missed_best.text}` : ''
}

/** The share of a run's steps that counts as its start. */
const START = 0.05

/** Whether the chosen weights are of the run's start, and no later evaluation was better. */
export function isUnbeatenStart(
  best: { attempt: number; step: number },
  evaluations: readonly Evaluation[],
  metric: string,
  direction: Direction,
): boolean {
  const last = evaluations.findLast((one) => isFiniteMeasure(measureOf(one, metric)))
  if (!last || last.step <= best.step || best.step > START * last.step) return false
  const top = bestEvaluation(evaluations, { metric, conditions: [] }, direction)?.evaluation
  return top?.step === best.step && top.attempt === best.attempt
}

function unbeaten({ metric, direction }: Decider, { best, evaluations }: Found): string {
  const isStart =
    best && metric && direction && isUnbeatenStart(best, evaluations, metric, direction)
  return isStart ? '; training has not beaten this start' : ''
}

function nothing({ metric }: Decider, { passed_over, evaluations, among }: Found): string {
  if (evaluations.length === 0) return 'nothing was evaluated'
  if (among === 'evaluations') return `no evaluation has a finite ${metric}`
  const [first] = passed_over
  if (!first) return 'no checkpoint was saved'
  const others = passed_over.length - 1
  return `${first.text}${others > 0 ? `, and ${others} more were passed over` : ''}`
}
