import type { Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { checkpointCandidates, evaluationCandidates, rank } from './candidates.ts'
import type { SelectionInput } from './input.ts'
import { betterEvaluation } from './missed.ts'
import { nothingToChoose, unmeasured } from './nothingToChoose.ts'
import { secondOpinion } from './opinion.ts'
import { preferred } from './preferred.ts'
import { reason, shortReason } from './reason.ts'
import { decisionOf } from './decision.ts'
import { SOMEBODY } from './decider.ts'
import type { Selection } from './selection.ts'
import { nearTies } from './ties.ts'

/** Raised when the rules of a policy change and its results may differ. */
const POLICY_VERSION = 2

/**
 * Decides which checkpoint is best, and why. The result depends only on the rows: the order in
 * which rows of different steps arrived makes no difference. O(n log n) in checkpoints and
 * evaluations. `decision` belongs to the same input; pass it if it is already computed.
 */
export function select(input: SelectionInput, decision = decisionOf(input)): Selection {
  const { policy, checkpoints, among = 'checkpoints', options = {} } = input
  const { decided, evaluations, criteria } = decision
  const { metric, direction, problem } = decided
  const declared_by = decided.declared_by ?? SOMEBODY
  const prefer = policy === 'within_noise' ? (options.prefer ?? null) : null
  const base = { policy, policy_version: POLICY_VERSION, metric, direction, declared_by, prefer }
  const field = among === 'checkpoints' ? checkpointCandidates : evaluationCandidates
  const { candidates, skipped } = field(checkpoints, evaluations, criteria)
  if (metric === null || direction === null || problem !== null) {
    const isEmpty = evaluations.length === 0
    const nothing_to_choose = isEmpty ? unmeasured(evaluations, metric) : null
    const withoutBest = { ...base, ...NOTHING, nothing_to_choose, skipped }
    const why = reason({ problem: problem ?? { code: 'needs_metric' } })
    return { ...withoutBest, reason: why, short_reason: '' }
  }
  const strict = rank(candidates, direction)
  const near_ties = nearTies(strict, evaluations, metric)
  const ranking = preferred(strict, near_ties, { ...input, evaluations })
  const [best = null, runner_up = null] = ranking
  const sign = direction === 'min' ? 1 : -1
  const margin = best && runner_up ? sign * (runner_up.value - best.value) || 0 : null
  const { missed_best, unshippable_best } = betterEvaluation(
    { evaluations, checkpoints },
    criteria,
    direction,
    {
      ...{ best: strict[0] ?? null, skipped },
    },
  )
  const nothing_to_choose = nothingToChoose(evaluations, metric, direction)
  const found = { best, runner_up, margin, ranking, skipped, missed_best, near_ties }
  const given = { policy, prefer, among, unshippable_best, evaluations, ...found }
  const texts = {
    reason: reason({ problem, decided, ...given }),
    short_reason: shortReason(decided, given),
  }
  return {
    ...base,
    ...found,
    nothing_to_choose,
    second_opinion: opinion(input, { metric, direction, evaluations, best, among }),
    ...texts,
  }
}

const NOTHING = {
  best: null,
  runner_up: null,
  margin: null,
  ranking: [],
  near_ties: null,
  missed_best: null,
  second_opinion: null,
}

function opinion(
  { claim, checkpoints, save_steps = null }: SelectionInput,
  decision: {
    metric: string
    direction: Direction
    evaluations: readonly Evaluation[]
    best: Selection['best']
    among: 'checkpoints' | 'evaluations'
  },
): Selection['second_opinion'] {
  return claim && secondOpinion({ claim, checkpoints, save_steps, ...decision })
}
