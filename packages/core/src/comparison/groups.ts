import type { ComparisonGroup } from './comparison.ts'
import type { RunWithBest } from './selectedRun.ts'
import { dividedByData } from './evaluationData.ts'
import { groupSentence } from './sentence.ts'

/** Divides runs into groups that can be compared, each best first; the largest group first. */
export function groupsOf(
  runs: readonly RunWithBest[],
  names: ReadonlyMap<string, string>,
): ComparisonGroup[] {
  const byMetric = Map.groupBy(runs, ({ metric, direction }) => `${direction} ${metric}`)
  return [...byMetric.values()]
    .flatMap((group) => dividedByData(group))
    .flatMap(({ data, runs: members }) => {
      const ranking = members.toSorted(byValue)
      const [best] = ranking
      if (!best) return []
      const { metric, direction, job_id } = best
      const job_ids = ranking.map((run) => run.job_id)
      const noise = best.near_ties?.noise ?? null
      const sentence = groupSentence(ranking, noise, names)
      return [{ metric, direction, data, job_ids, best_job_id: job_id, noise, sentence }]
    })
    .sort(bySize)
}

/** Equal values are ordered by step, since the earlier one cost less, then by name and id. */
function byValue(a: RunWithBest, b: RunWithBest): number {
  const sign = a.direction === 'min' ? 1 : -1
  const order = [sign * (a.best.value - b.best.value), a.best.step - b.best.step]
  return order[0] || order[1] || compareTexts(a.name, b.name) || compareTexts(a.job_id, b.job_id)
}

function bySize(a: ComparisonGroup, b: ComparisonGroup): number {
  const fewer = b.job_ids.length - a.job_ids.length
  return fewer || compareTexts(a.metric, b.metric) || compareTexts(keyOf(a), keyOf(b))
}

function keyOf({ direction, data, best_job_id }: ComparisonGroup): string {
  return JSON.stringify([direction, data, best_job_id])
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
