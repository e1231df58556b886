import { byStep, isSameStep, type StepKey } from '../run/keys.ts'
import type { Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { isFiniteMeasure } from '../measured.ts'
import { bestEvaluation, type Candidates } from './candidates.ts'
import { superlative } from '../metric/direction.ts'
import { measureOf } from '../metric/evaluations.ts'
import { errorFigure, figure, grouped, shortSigned, signed } from '../metric/figure.ts'
import { deciderWords, type Decider } from './decider.ts'
import type { PolicyProblem } from './policyProblem.ts'
import { asSentence } from './asSentence.ts'
import { problemText } from './problemText.ts'
import { unlikeSamples } from './samples.ts'
import type { Noise, Ranked, Selection } from './selection.ts'
import type { TiedSteps } from './tiedSteps.ts'

type Found = Pick<Selection, 'best' | 'runner_up' | 'missed_best'> & {
  /** How many candidates there are. */
  count: number
  /** The candidates within the noise, and those of them at another step than the best. */
  ties: { noise: Noise; steps: TiedSteps; others: TiedSteps } | null
  candidates: Candidates
  policy: Selection['policy']
  prefer: Selection['prefer']
  among: 'checkpoints' | 'evaluations'
  /** Why the checkpoint of the best evaluation cannot be shipped, if there is one. */
  unshippable_best: string | null
  /** First evaluations, in order of step. */
  evaluations: readonly Evaluation[]
}

/** What the texts of a decision need. */
type ReasonInput = { problem: PolicyProblem } | ({ problem: null; decided: Decider } & Found)

/** The decision as a few plain sentences. */
export function reason(input: ReasonInput): string {
  if (input.problem) return `No checkpoint can be chosen. ${problemText(input.problem)}`
  const { best, decided } = input
  if (!best) return `No checkpoint can be chosen: ${nothing(decided, input)}.`
  const tied = tiedWords(input)
  return joined([
    winner(decided, input, best),
    tied ?? '',
    tied !== null && !input.prefer ? '' : next(input, best, signed),
    whoDecided(decided),
    better(input),
    unbeaten(decided, input),
    unlike(decided, input),
  ])
}

/** The reason without what a headline and the notes show; empty without a best. */
export function shortReason(decided: Decider, found: Found): string {
  const { best } = found
  if (!best) return ''
  const rank = asSentence(rankWords(decided, found))
  const unshippable = found.unshippable_best ? better(found) : ''
  return joined([rank, next(found, best, shortSigned), whoDecided(decided), unshippable])
}

function joined(sentences: readonly string[]): string {
  return sentences.filter((sentence) => sentence !== '').join(' ')
}

/** Which checkpoint is best, and by which value. */
function winner(decided: Decider, found: Found, best: Ranked): string {
  const { count, runner_up, prefer, ties } = found
  const value = `${decided.metric} ${figure(best.value)}`
  const step = `Step ${grouped(best.step)}${runner_up ? ofAttempt(best, runner_up) : ''}`
  const rank = rankWords(decided, found)
  if (count === 1) return `${step} is ${rank}: ${value}.`
  const unknown = prefer && !ties ? ' The noise is unknown.' : ''
  return `${step} is best: ${value}, ${rank}.${unknown}`
}

/** The rank of the best among the candidates, such as "the lowest of 5 checkpoints". */
function rankWords({ direction }: Decider, found: Found): string {
  const { count, among, policy, prefer, ties } = found
  const noun = among === 'checkpoints' ? 'checkpoint' : 'evaluation'
  if (count === 1) return `the only ${noun} that can be compared`
  if (policy === 'scored') return `with the best score of ${count} ${noun}s`
  if (prefer && ties && ties.steps.count > 1) {
    return `the ${prefer} of ${ties.steps.count} ${noun}s within the noise`
  }
  return `the ${superlative(direction ?? 'min')} of ${count} ${noun}s`
}

/** The other candidates within the noise of the chosen one; null if there are none. */
function tiedWords({ ties }: Found): string | null {
  if (!ties || ties.others.count === 0 || ties.others.count === ties.steps.count) return null
  const { noise, others } = ties
  const steps = others.words()
  const [are, have] = others.count === 1 ? ['is', 'has'] : ['are', 'have']
  return noise.standard_error === 0
    ? `${steps} ${have} the same value.`
    : `${steps} ${are} within the noise (±${errorFigure(noise.standard_error)}).`
}

function next({ runner_up }: Found, best: Ranked, words: (difference: number) => string): string {
  if (!runner_up) return ''
  const step = `step ${grouped(runner_up.step)}${ofAttempt(runner_up, best)}`
  const difference = runner_up.value - best.value
  if (isSameStep(runner_up, best)) {
    return runner_up.path === null ? '' : `Another checkpoint has the same step: ${runner_up.path}.`
  }
  if (difference !== 0) return `Next is ${step} (${words(difference)}).`
  return asSentence(`${step} has the same value${later(best, runner_up)}`)
}

/** With several attempts, the step alone does not identify a checkpoint. */
function ofAttempt(one: Ranked, other: Ranked): string {
  return one.attempt !== other.attempt ? ` of attempt ${one.attempt}` : ''
}

function later(best: StepKey, other: StepKey): string {
  return byStep(other, best) > 0 ? ' and came later' : ''
}

function whoDecided(decided: Decider): string {
  return decided.declared_by === null ? '' : asSentence(deciderWords(decided))
}

/** A warning that values over different sets may not compare. */
function unlike({ metric }: Decider, { evaluations }: Found): string {
  const found = metric === null ? null : unlikeSamples(evaluations, metric)
  return found
    ? `${metric} was measured over ${found.few} to ${found.many} samples, so its values may not compare.`
    : ''
}

/** A better evaluation whose checkpoint is missing or was never saved. */
function better({ missed_best, unshippable_best }: Found): string {
  if (unshippable_best) return `A better checkpoint cannot be shipped: ${unshippable_best}.`
  return missed_best ? `${missed_best.text}.` : ''
}

/** The share of a run's steps that counts as its start. */
const START = 0.05

/** Whether the chosen checkpoint is at the start of the run, and no later evaluation is better. */
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
  return isStart ? 'It is at the start of the run, and no later evaluation is better.' : ''
}

function nothing({ metric }: Decider, { candidates, among, unshippable_best }: Found): string {
  if (among === 'evaluations') return `no evaluation has a finite ${metric}`
  const { length } = candidates
  if (length === 0) return 'no checkpoint was found'
  const more = length > 1 ? `, and ${length - 1} more were skipped` : ''
  // The checkpoint that would be best comes first: repairing or fetching it helps most.
  return `${unshippable_best ?? candidates.skippedAt(0)?.text}${more}`
}
