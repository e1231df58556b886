import { byText } from '../textOrder.ts'
import type { ComparisonGroup } from './comparison.ts'
import type { RunWithBest } from './selectedRun.ts'
import { dividedByData } from './evaluationData.ts'
import { groupSentence } from './sentence.ts'

/** A group with its runs: the best, and the others in order. */
export interface RankedGroup {
  group: ComparisonGroup
  best: RunWithBest
  others: RunWithBest[]
}

/** Divides runs into groups that can be compared, each best first; the largest group first. */
export function groupsOf(
  runs: readonly RunWithBest[],
  names: ReadonlyMap<string, string>,
): RankedGroup[] {
  const byMetric = Map.groupBy(runs, ({ metric, direction }) => `${direction} ${metric}`)
  return [...byMetric.values()]
    .flatMap((group) => dividedByData(group))
    .flatMap(({ data, runs: members }) => {
      const ranking = members.toSorted(byValue)
      return ranking.slice(0, 1).map((best): RankedGroup => {
        const { metric, direction, job_id: best_job_id } = best
        const others = ranking.slice(1)
        const noise = best.near_ties?.noise ?? null
        const sentence = groupSentence(best, others, names)
        const job_ids = ranking.map(({ job_id }) => job_id)
        const group = { metric, direction, data, job_ids, best_job_id, noise, sentence }
        return { group, best, others }
      })
    })
    .sort((a, b) => bySize(a.group, b.group))
}

/** Equal values are ordered by step, since the earlier one cost less, then by name and id. */
export function byValue(a: RunWithBest, b: RunWithBest): number {
  const sign = a.direction === 'min' ? 1 : -1
  const order = [sign * (a.best.value - b.best.value), a.best.step - b.best.step]
  return order[0] || order[1] || byText(a.name, b.name) || byText(a.job_id, b.job_id)
}

function bySize(a: ComparisonGroup, b: ComparisonGroup): number {
  const fewer = b.job_ids.length - a.job_ids.length
  return fewer || byText(a.metric, b.metric) || byText(keyOf(a), keyOf(b))
}

function keyOf({ direction, data, best_job_id }: ComparisonGroup): string {
  return JSON.stringify([direction, data, best_job_id])
}
