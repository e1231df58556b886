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
import { decider } from './metric.ts'
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
  SecondOpinion,
  Selection,
} from './selection.ts'
import type { Told } from './told.ts'

/** Raised when the rules of a policy change, so that old answers can be told from new ones. */
const POLICY_VERSION = 1

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
  const { policy, checkpoints, among = 'checkpoints' } = input
  const evaluations = firstEvaluations(input.evaluations)
  const decided = decider({ ...input, told: input.told ?? {}, evaluations })
  const { metric, direction, declared_by, problem } = decided
  const base = {
    policy,
    policy_version: POLICY_VERSION,
    metric,
    direction,
    declared_by,
    prefer: null,
  }
  const field = among === 'checkpoints' ? checkpointField : evaluationField
  const { candidates, passed_over } = field(checkpoints, evaluations, metric ?? '')
  if (metric === null || direction === null || problem !== null) {
    return { ...base, ...NOTHING, passed_over, reason: reason({ decided, problem }) }
  }
  const ranking = rank(candidates, direction)
  const [best = null, runner_up = null] = ranking
  const margin = best && runner_up ? Math.abs(runner_up.value - best.value) : null
  const beaten =
    among === 'checkpoints' ? beatenBy(evaluations, metric, direction, best) : undefined
  const missed_best = beaten ? missedBest(beaten, checkpoints, best) : null
  const found = {
    best,
    runner_up,
    margin,
    ranking,
    passed_over,
    missed_best,
    near_ties: null,
    nothing_to_choose: null,
  }
  const lost_best = beaten ? lostBest(beaten, passed_over) : null
  const count = evaluations.length
  return {
    ...base,
    ...found,
    second_opinion: opinion(input, { metric, direction, evaluations, best }),
    reason: reason({ decided, problem, among, lost_best, evaluations: count, ...found }),
  }
}

const NOTHING = {
  best: null,
  runner_up: null,
  margin: null,
  ranking: [],
  missed_best: null,
  near_ties: null,
  nothing_to_choose: null,
  second_opinion: null,
}

function opinion(
  { claim, checkpoints, among = 'checkpoints' }: SelectionInput,
  decision: {
    metric: string
    direction: Direction
    evaluations: Evaluation[]
    best: Ranked | null
  },
): SecondOpinion | null {
  return claim && secondOpinion({ claim, checkpoints, among, ...decision })
}

/** The best evaluation, where it is better than the best that can be shipped. */
function beatenBy(
  evaluations: readonly Evaluation[],
  metric: string,
  direction: Direction,
  best: Ranked | null,
): BestEvaluation | undefined {
  const top = bestEvaluation(evaluations, metric, direction)
  return top && best && !isBetter(top.value, best.value, direction) ? undefined : top
}

/** The best evaluation as a missed one, where nothing was saved at its step. */
function missedBest(
  { evaluation, value }: BestEvaluation,
  checkpoints: readonly Checkpoint[],
  best: Ranked | null,
): MissedBest | null {
  const { attempt, step } = evaluation
  if (checkpoints.some((saved) => saved.attempt === attempt && saved.step === step)) return null
  const shippable = best
    ? `the best you can ship is step ${best.step} at ${figure(best.value)}`
    : 'nothing that was evaluated can be shipped'
  const text = `step ${step} reached ${figure(value)}, but nothing is saved there; ${shippable}`
  return { attempt, step, value, text }
}

/** Why the weights of the best evaluation were passed over, where they were saved. */
function lostBest(
  { evaluation }: BestEvaluation,
  passed_over: readonly PassedOver[],
): string | null {
  const { attempt, step } = evaluation
  const lost = passed_over.find((over) => over.attempt === attempt && over.step === step)
  return lost?.text ?? null
}
