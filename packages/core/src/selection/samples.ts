import { detailOf, measureOf } from '../metric/evaluations.ts'
import type { Evaluation } from '../run/rows.ts'

/** Counts computed from a rounded rate may differ by this much and still be the same. */
const ROUNDING = 0.01

/** The fewest and most samples that a metric was measured over, if they differ; otherwise null. */
export function unlikeSamples(
  evaluations: readonly Evaluation[],
  metric: string,
): { few: number; many: number } | null {
  let few = Infinity
  let many = -Infinity
  for (const one of evaluations) {
    const samples = one.details ? detailOf(one, metric).samples : one.samples
    if (samples == null || measureOf(one, metric) === undefined) continue
    few = Math.min(few, samples)
    many = Math.max(many, samples)
  }
  return isSameCount(few, many) ? null : { few, many }
}

/** Whether two counts of samples are equal within rounding. */
export function isSameCount(one: number, other: number): boolean {
  return Math.abs(one - other) <= Math.max(1, ROUNDING * Math.max(one, other))
}
