import { isWithinNoise } from '../comparison/better.ts'
import { isFiniteMeasure, type Measured } from '../measured.ts'
import { ownValue } from '../named.ts'
import { isBetter } from '../metric/direction.ts'
import { directionOf } from '../metric/directionOf.ts'
import type { Direction } from '../run/event.ts'
import type { Policy } from '../status/status.ts'
import type { FrozenChoice } from './frozenChoice.ts'
import type { TargetConditions } from './targetConditions.ts'

/** What is known when an order is checked. */
export interface ConditionFacts {
  /** The decision over the job now, with this checkpoint's value. */
  choice: FrozenChoice | null
  /** What was measured of the checkpoint. */
  values: Readonly<Record<string, Measured>>
  /** What is live there; null if nothing is. */
  live: LiveFacts | null
}

/** What is known of the version that is live where an order goes. */
export interface LiveFacts {
  /** Null in entries of older versions. */
  choice: Pick<FrozenChoice, 'metric' | 'value'> | null
  /** It is the ordered checkpoint itself. */
  is_same_checkpoint: boolean
  /** No sign shows that both were evaluated on different data. */
  is_same_data: boolean
}

/** Why a checkpoint is not better than what is live; null if it is, or if nothing is live. */
export type NotBetter =
  | 'same_checkpoint'
  | 'no_value'
  | 'live_has_no_value'
  | 'other_metric'
  | 'other_data'
  | 'not_better'
  | 'within_noise'

/** One stated condition, whether it holds, and its parts. */
export type ConditionCheck = { passes: boolean } & (
  | { code: 'policy'; required: Policy; found: Policy | null }
  | {
      code: 'value'
      metric: string
      /** Null if it is unknown whether lower or higher is better. */
      direction: Direction | null
      bound: number
      found: number | null
    }
  | {
      code: 'better_than_live'
      reason: NotBetter | null
      metric: string | null
      direction: Direction | null
      found: number | null
      live: number | null
      /** The standard error of its value; null if it is unknown. */
      noise: number | null
    }
  | { code: 'scored_on'; test_set: string; metrics: string[] }
)

/** Checks each condition that a target states, in a fixed order. */
export function checkConditions(
  { policy, value, better_than_live, scored_on }: TargetConditions,
  facts: ConditionFacts,
): ConditionCheck[] {
  const checks: ConditionCheck[] = []
  if (policy !== undefined) {
    const found = facts.choice?.policy ?? null
    checks.push({ code: 'policy', passes: found === policy, required: policy, found })
  }
  if (value) checks.push(checkValue(value, facts))
  if (better_than_live) checks.push(checkBetter(facts))
  if (scored_on !== undefined) checks.push(checkScored(scored_on, facts))
  return checks
}

function checkValue(
  { metric, bound, direction: given }: NonNullable<TargetConditions['value']>,
  { choice, values }: ConditionFacts,
): ConditionCheck {
  const decides = choice?.metric === metric
  const direction = given ?? (decides ? choice.direction : directionOf(metric)) ?? null
  const found = finite(decides ? choice.value : ownValue(values, metric))
  const passes =
    direction !== null && found !== null && (found === bound || isBetter(found, bound, direction))
  return { code: 'value', passes, metric, direction, bound, found }
}

function checkBetter({ choice, live }: ConditionFacts): ConditionCheck {
  const parts = {
    metric: choice?.metric ?? null,
    direction: choice?.direction ?? null,
    found: finite(choice?.value),
    live: finite(live?.choice?.value),
    noise: choice?.noise?.standard_error ?? null,
  }
  const reason = live === null ? null : notBetter({ choice, live })
  return { code: 'better_than_live', passes: reason === null, reason, ...parts }
}

function notBetter({
  choice,
  live,
}: {
  choice: FrozenChoice | null
  live: LiveFacts
}): NotBetter | null {
  const [value, before] = [finite(choice?.value), finite(live.choice?.value)]
  if (live.is_same_checkpoint) return 'same_checkpoint'
  if (!choice?.direction || value === null) return 'no_value'
  if (before === null) return 'live_has_no_value'
  if (choice.metric !== live.choice?.metric) return 'other_metric'
  if (!live.is_same_data) return 'other_data'
  if (!isBetter(value, before, choice.direction)) return 'not_better'
  return isWithinNoise(Math.abs(value - before), choice.noise) ? 'within_noise' : null
}

function checkScored(test_set: string, { values }: ConditionFacts): ConditionCheck {
  const metrics = Object.keys(values).filter((name) => {
    const isOfSet = name.startsWith(test_set) && /^[/_ .,-]/.test(name.slice(test_set.length))
    return isOfSet && isFiniteMeasure(ownValue(values, name))
  })
  return { code: 'scored_on', passes: metrics.length > 0, test_set, metrics: metrics.sort() }
}

function finite(value: Measured | undefined): number | null {
  return isFiniteMeasure(value) ? value : null
}

/** What an order was checked against, and the outcome, as the ledger keeps it. */
export interface CheckedConditions {
  conditions: TargetConditions
  checks: ConditionCheck[]
}
