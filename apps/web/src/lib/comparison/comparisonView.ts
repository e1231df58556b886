import {
  type ComparedRun,
  type Comparison,
  type ComparisonGroup,
  type DifferingSetting,
  ownValue,
} from '@bestmark/core'
import { UNKNOWN } from '../figures.ts'
import { settingText } from '../job/configuration.ts'
import { lineStyle, type LineStyle } from './colours.ts'

/** How each run's line is drawn. It stays the same when the ranking changes. */
export function stylesOf({ runs }: Comparison, order: readonly string[]): Map<string, LineStyle> {
  const ids = order.length > 0 ? order : runs.map(({ job_id }) => job_id).sort()
  return new Map(ids.map((job_id, at) => [job_id, lineStyle(at)]))
}

/** The runs of a group, best first. */
export function runsOf({ runs }: Comparison, { job_ids }: ComparisonGroup): ComparedRun[] {
  const own = new Set(job_ids)
  return runs.filter(({ job_id }) => own.has(job_id))
}

/**
 * The metrics that have a picture: the one that was asked for, else each one that decides, with the
 * runs whose curves are of that metric.
 */
export function picturesOf(
  { runs, groups }: Comparison,
  asked: string | null,
): { metric: string; runs: ComparedRun[] }[] {
  if (asked !== null) return [{ metric: asked, runs }]
  const decided = groups.map(({ metric }) => metric)
  const metrics = [...new Set([...decided, ...runs.flatMap(({ metric }) => metric ?? [])])]
  return metrics.map((metric) => ({ metric, runs: runs.filter((run) => run.metric === metric) }))
}

/** The two runs whose configurations stand side by side: those asked for, else the first two. */
export function sidesOf(
  { runs }: Comparison,
  asked: readonly [string, string] | null,
): [ComparedRun, ComparedRun] | null {
  const find = (at: 0 | 1) => runs.find(({ job_id }) => job_id === asked?.[at]) ?? runs[at]
  const [one, other] = [find(0), find(1)]
  return one && other ? [one, other] : null
}

/** What a run has for a setting, in words. */
export function settingOf({ values }: DifferingSetting, job_id: string): string {
  const value = ownValue(values, job_id)
  return value === undefined ? UNKNOWN : settingText(value)
}
