import { isFiniteMeasure, type Measured } from '../measured.ts'
import { checkpointKey } from '../run/keys.ts'
import type { Selection } from '../selection/selection.ts'
import type { Alternative, FrozenChoice } from './frozenChoice.ts'

/** As many other checkpoints are kept with a choice. */
export const MOST_ALTERNATIVES = 5

/**
 * The decision as it is when a checkpoint is ordered to be shipped. `value` is that checkpoint's own
 * value of the deciding metric, which exists also where it was not ranked.
 */
export function freezeChoice(
  selection: Selection,
  checkpoint_id: string,
  value: Measured,
): FrozenChoice {
  const { policy, policy_version, metric, direction, declared_by, ranking } = selection
  const { near_ties, missed_best, reason } = selection
  const at = ranking.findIndex((one) => one.checkpoint_id === checkpoint_id)
  const own = ranking[at]?.value ?? value
  return {
    ...{ policy, policy_version, metric, direction, declared_by },
    value: own,
    rank: at === -1 ? null : at + 1,
    candidates: ranking.length,
    alternatives: alternativesOf(selection, checkpoint_id, own),
    noise: near_ties?.noise ?? null,
    ...{ missed_best, reason },
  }
}

function alternativesOf(
  { ranking, near_ties }: Selection,
  chosen: string,
  value: Measured,
): Alternative[] {
  const ties = near_ties?.candidates ?? []
  const tied = new Set(ties.length > 1 ? ties.map(checkpointKey) : [])
  const others: Alternative[] = []
  for (const [index, one] of ranking.entries()) {
    if (others.length === MOST_ALTERNATIVES) break
    if (one.checkpoint_id === chosen) continue
    const { checkpoint_id, attempt, step, path } = one
    const difference = isFiniteMeasure(value) ? one.value - value : null
    const is_tied = tied.has(checkpointKey(one))
    others.push({
      ...{ checkpoint_id, attempt, step, path, value: one.value },
      ...{ rank: index + 1, difference, is_tied },
    })
  }
  return others
}
