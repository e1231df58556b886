import { superlative } from './direction.ts'
import { errorFigure, figure, signed } from './figure.ts'
import { whoWords, type Decider } from './metric.ts'
import type { Evaluation, Selection } from './selection.ts'
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

type ReasonInput = { decided: Decider } & ({ problem: string | null } | ({ problem: null } & Found))

/** The decision as one plain sentence. */
export function reason(input: ReasonInput): string {
  const { decided } = input
  if (!('ranking' in input)) return `Nothing to choose from: ${input.problem}.`
  const { best } = input
  if (!best) return `Nothing to choose from: ${nothing(decided, input)}.`
  const what = isTied(input) ? tied(decided, input) : alone(decided, input)
  return `${what}${next(input)}${told(decided)}${missed(input)}${unbeaten(input)}.`
}

function isTied({ near_ties }: Found): boolean {
  return (near_ties?.candidates.length ?? 0) > 1
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
  { ranking, among, best, policy, prefer, near_ties }: Found,
) {
  const noun = among === 'checkpoints' ? 'checkpoint' : 'evaluation'
  const value = `${metric} ${figure(best?.value ?? NaN)}`
  const start = `Step ${best?.step}`
  if (ranking.length === 1) return `${start} is the only ${noun} that can be compared (${value})`
  if (policy === 'scored') {
    return `${start} has the best score of ${ranking.length} ${noun}s (${value})`
  }
  const unknown = prefer && !near_ties ? ', and the noise is not known' : ''
  return `${start} has the ${superlative(direction ?? 'min')} ${metric} of ${ranking.length} ${noun}s (${value})${unknown}`
}

function next({ runner_up, margin, best }: Found): string {
  if (!runner_up || margin === null || !best) return ''
  if (margin === 0) return `; step ${runner_up.step} ties with it${later(best, runner_up)}`
  return `; next is step ${runner_up.step} (${signed(runner_up.value - best.value)})`
}

function later(best: { step: number }, other: { step: number }): string {
  return other.step >= best.step ? ' and came later' : ''
}

function told(decided: Decider): string {
  const who = whoWords(decided)
  return who === 'asked for' ? '' : `; ${who}`
}

function missed({ missed_best, lost_best }: Found): string {
  if (lost_best) return `; a better one cannot be shipped: ${lost_best}`
  return missed_best ? `; ${missed_best.text}` : ''
}

/** The share of a run's steps that counts as its start. */
const START = 0.05

/** A start that training has not beaten stays the answer. */
export function isUnbeatenStart(
  best: { step: number },
  evaluations: readonly Pick<Evaluation, 'step'>[],
): boolean {
  const last = evaluations.at(-1)?.step ?? 0
  return evaluations.length > 1 && last > best.step && best.step <= START * last
}

function unbeaten({ best, evaluations }: Found): string {
  const isStart = best && isUnbeatenStart(best, evaluations)
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
