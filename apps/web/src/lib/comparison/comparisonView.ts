import {
  type ComparedRun,
  type Comparison,
  type ComparisonGroup,
  type DifferingOption,
  ownValue,
} from '@bestmark/core'
import { UNKNOWN, optionText } from '../figures.ts'
import { lineStyle, type LineStyle } from './colours.ts'

/** The line style of each run. It stays the same when the ranking changes. */
export function stylesOf({ runs }: Comparison, order: readonly string[]): Map<string, LineStyle> {
  const ids = order.length > 0 ? order : runs.map(({ job_id }) => job_id).sort()
  return new Map(ids.map((job_id, at) => [job_id, lineStyle(at)]))
}

/** The runs of a group, best first. */
export function runsOf({ runs }: Comparison, { job_ids }: ComparisonGroup): ComparedRun[] {
  const ids = new Set(job_ids)
  return runs.filter(({ job_id }) => ids.has(job_id))
}

/**
 * The metrics that have a picture: the requested one, else each one that decides, with the
 * runs whose curves are of that metric.
 */
export function picturesOf(
  { runs, groups }: Comparison,
  metric: string | null,
): { metric: string; runs: ComparedRun[] }[] {
  if (metric !== null) return [{ metric, runs }]
  const decided = groups.map(({ metric }) => metric)
  const metrics = [...new Set([...decided, ...runs.flatMap(({ metric }) => metric ?? [])])]
  return metrics.map((metric) => ({ metric, runs: runs.filter((run) => run.metric === metric) }))
}

/** The two runs whose configurations are side by side: the requested ones, else the first two. */
export function sidesOf(
  { runs }: Comparison,
  sides: readonly [string, string] | null,
): [ComparedRun, ComparedRun] | null {
  const find = (at: 0 | 1) => runs.find(({ job_id }) => job_id === sides?.[at]) ?? runs[at]
  const [one, other] = [find(0), find(1)]
  return one && other ? [one, other] : null
}

/** The value of an option in a run, as text. */
export function optionOfRun({ values }: DifferingOption, job_id: string): string {
  const value = ownValue(values, job_id)
  return value === undefined ? UNKNOWN : optionText(value)
}
