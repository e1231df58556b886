import type { Direction } from '../event.ts'
import type { Policy } from '../status.ts'
import {
  bestEvaluation,
  checkpointField,
  evaluationField,
  figure,
  rank,
  type BestEvaluation,
} from './candidates.ts'
import { isBetter } from './direction.ts'
import { firstEvaluations } from './evaluations.ts'
import { decider, type Told } from './metric.ts'
import { secondOpinion } from './opinion.ts'
import { reason } from './reason.ts'
import type {
  Checkpoint,
  Claim,
  Declaration,
  Evaluation,
  MissedBest,
  PassedOver,
  Ranked,
  Selection,
} from './selection.ts'

/** Raised when the rules of a policy change, so that old answers can be told from new ones. */
export const POLICY_VERSION = 1

/** The stored rows of a run, in order of arrival, and what was asked. */
export interface SelectionInput {
  policy: Policy
  told?: Told
  declaration: Declaration
  claim: Claim | null
  evaluations: readonly Evaluation[]
  checkpoints: readonly Checkpoint[]
  /** Whether only what can be shipped is ranked (the default), or every evaluation. */
  among?: 'checkpoints' | 'evaluations'
}

/**
 * Decides which checkpoint is best, and why. A function of the rows alone: the order in which rows
 * of different steps arrived makes no difference. O(n log n) in checkpoints and evaluations.
 */
export function select(input: SelectionInput): Selection {
  const { policy, claim, checkpoints, among = 'checkpoints' } = input
  const evaluations = firstEvaluations(input.evaluations)
  const decided = decider({ ...input, told: input.told ?? {}, evaluations })
  const { metric, direction, declared_by, problem } = decided
  const base = { policy, policy_version: POLICY_VERSION, metric, direction, declared_by }
  const decidable = metric !== null && direction !== null && problem === null
  const field = among === 'checkpoints' ? checkpointField : evaluationField
  const { candidates, passed_over } = field(checkpoints, evaluations, metric ?? '')
  const ranking = decidable ? rank(candidates, direction) : []
  const [best = null, runner_up = null] = ranking
  const margin = best && runner_up ? Math.abs(runner_up.value - best.value) : null
  const top =
    decidable && among === 'checkpoints'
      ? bestEvaluation(evaluations, metric, direction)
      : undefined
  const missed_best = missedBest(input, top, best, direction ?? 'min')
  const lost_best = lostBest(top, passed_over)
  const second_opinion =
    decidable && claim
      ? secondOpinion({ claim, best, metric, direction, evaluations, checkpoints, among })
      : null
  const because = {
    decider: decided,
    best,
    runner_up,
    margin,
    passed_over,
    missed_best,
    lost_best,
    among,
  }
  const counts = { candidates: candidates.length, evaluations: evaluations.length }
  const sentence = reason({ ...because, ...counts })
  const found = { best, runner_up, margin, ranking, passed_over, missed_best, second_opinion }
  return { ...base, ...found, reason: sentence }
}

/** The best evaluation, where it beats the best checkpoint and nothing was saved at its step. */
function missedBest(
  { checkpoints }: SelectionInput,
  top: BestEvaluation | undefined,
  best: Ranked | null,
  direction: Direction,
): MissedBest | null {
  if (!top || (best && !isBetter(top.value, best.value, direction))) return null
  const { attempt, step } = top.evaluation
  if (checkpoints.some((saved) => saved.attempt === attempt && saved.step === step)) return null
  const shippable = best
    ? `the best you can ship is step ${best.step} at ${figure(best.value)}`
    : 'nothing that was evaluated can be shipped'
  const text = `step ${step} reached ${figure(top.value)}, but nothing is saved there; ${shippable}`
  return { attempt, step, value: top.value, text }
}

/** Why the weights of the best evaluation were passed over, where they were saved. */
function lostBest(
  top: BestEvaluation | undefined,
  passed_over: readonly PassedOver[],
): string | null {
  const lost = passed_over.find(
    ({ attempt, step }) => attempt === top?.evaluation.attempt && step === top.evaluation.step,
  )
  return lost?.text ?? null
}
