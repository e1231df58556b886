import type { Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { CheckpointCandidates, EvaluationCandidates, skippedOf } from './candidates.ts'
import type { SelectionInput } from './input.ts'
import { leadersOf } from './leaders.ts'
import { betterEvaluation, NONE_BETTER } from './missed.ts'
import { once } from './once.ts'
import { nothingToChoose, unmeasured } from './nothingToChoose.ts'
import { secondOpinion } from './opinion.ts'
import { preferred } from './preferred.ts'
import { reason, shortReason } from './reason.ts'
import { decisionOf } from './decision.ts'
import { SOMEBODY } from './decider.ts'
import type { Selection } from './selection.ts'
import { nearTies, tiesBeside, tiesOf } from './ties.ts'

/** Raised when the rules of a policy change and its results may differ. */
const POLICY_VERSION = 2

/**
 * Decides which checkpoint is best, and why. The result depends only on the rows: the order in
 * which rows of different steps arrived makes no difference. O(n) in checkpoints and evaluations in
 * order of step. The lists of all candidates are made when they are first read, in O(n log n); the
 * rows must not change until then. `decision` belongs to the same input; pass it if it is already
 * computed.
 */
export function select(input: SelectionInput, decision = decisionOf(input)): Selection {
  const { policy, checkpoints, among = 'checkpoints', options = {} } = input
  const { decided, evaluations, criteria } = decision
  const { metric, direction, problem } = decided
  const declared_by = decided.declared_by ?? SOMEBODY
  const prefer = policy === 'within_noise' ? (options.prefer ?? null) : null
  const base = { policy, policy_version: POLICY_VERSION, metric, direction, declared_by, prefer }
  const Kind = among === 'checkpoints' ? CheckpointCandidates : EvaluationCandidates
  const candidates = new Kind({ checkpoints, evaluations }, criteria)
  const skipped = once(() => skippedOf(candidates))
  if (metric === null || direction === null || problem !== null) {
    const isEmpty = evaluations.length === 0
    const nothing_to_choose = isEmpty ? unmeasured(evaluations, metric) : null
    const why = reason({ problem: problem ?? { code: 'needs_metric' } })
    return {
      ...{ ...base, ...NOTHING, nothing_to_choose },
      get skipped() {
        return skipped()
      },
      ...{ reason: why, short_reason: '' },
    }
  }
  const leaders = leadersOf(candidates.blocks(), direction)
  const ties = tiesOf(candidates, leaders, evaluations, metric)
  const { best, runner_up, all } = preferred(candidates, leaders, ties, {
    ...{ ...input, evaluations, direction },
  })
  const strict = leaders.best === -1 ? null : candidates.rankedAt(leaders.best)
  const { missed_best, unshippable_best } = candidates.isEveryEvaluation(leaders.count)
    ? NONE_BETTER
    : betterEvaluation({ evaluations, checkpoints }, criteria, direction, strict)
  const { count } = leaders
  const tied = ties && best && { ...ties, others: tiesBeside(candidates, ties, best) }
  const found = { best, runner_up, missed_best, unshippable_best, count, ties: tied, candidates }
  const given = { policy, prefer, among, evaluations, ...found }
  const ranking = once(all)
  const sign = direction === 'min' ? 1 : -1
  return {
    ...{ ...base, best, runner_up },
    margin: best && runner_up ? sign * (runner_up.value - best.value) || 0 : null,
    get ranking() {
      return ranking()
    },
    get skipped() {
      return skipped()
    },
    near_ties: ties && nearTies(candidates, ties, leaders),
    missed_best,
    nothing_to_choose: nothingToChoose(evaluations, metric, direction),
    second_opinion: opinion(input, { metric, direction, evaluations, best, among }),
    reason: reason({ problem, decided, ...given }),
    short_reason: shortReason(decided, given),
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
