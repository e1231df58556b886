import {
  columns,
  type ComparedRun,
  type Comparison,
  type ComparisonGroup,
  differingAmong,
  figure,
  groupWords,
  isFiniteMeasure,
  type Measured,
  ownValue,
  signed,
} from '@bestmark/core'
import type { ComparedJobs } from '@bestmark/db'

/** The number of differing options that fit on a line. */
const MOST_OPTIONS = 4

/** A comparison as text: the answer, the path of its checkpoint, notes, and a table per group. */
export function comparisonText({ comparison, best_paths, found }: ComparedJobs): string[] {
  const { sentence, best, groups, runs, notes } = comparison
  const path = best && ownValue(best_paths, best.job_id)
  const newest =
    found > runs.length ? [`!  Only the newest ${runs.length} of ${found} jobs were compared.`] : []
  const noteLines = [...newest, ...notes.map(({ text }) => `-  ${text}`)]
  const parts = [
    [sentence, ...(path ? [`Its checkpoint: ${path}`] : [])],
    noteLines,
    ...groups.map((group) => groupLines(comparison, group)),
    runs.filter((run) => run.rank === null).map(({ name, reason }) => `${name}: ${reason}`),
  ]
  const filled = parts.filter((lines) => lines.length > 0)
  return filled.flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]))
}

function groupLines(comparison: Comparison, group: ComparisonGroup): string[] {
  const { config, groups } = comparison
  const runs = comparison.runs.filter(({ job_id }) => group.job_ids.includes(job_id))
  const differing = differingAmong(config, runs).slice(0, MOST_OPTIONS)
  const head = ['rank', 'run', 'step', group.metric, 'difference', 'last', 'min', 'max', '']
  const rows = runs.map((run) => [
    ...cellsOf(run),
    ...differing.map(({ values }) => optionText(ownValue(values, run.job_id))),
  ])
  const names = differing.map(({ name }) => name)
  const title = groups.length > 1 ? [`${groupWords(group)}: ${group.sentence}`] : []
  return [...title, ...columns([[...head, ...names], ...rows], [0, 2, 3, 4, 5, 6, 7])]
}

function cellsOf(run: ComparedRun): string[] {
  const { rank, name, best, difference, is_best, is_tied, metric } = run
  const figures = ownValue(run.figures, metric ?? '')
  const mark = is_best ? 'best' : is_tied ? 'within the noise' : ''
  return [
    ...[`${rank ?? '–'}`, name, `${best?.step ?? '–'}`, valueText(best?.value)],
    ...[is_best || !isFiniteMeasure(difference) ? '' : signed(difference)],
    ...[valueText(figures?.last), valueText(figures?.min), valueText(figures?.max), mark],
  ]
}

function valueText(value: Measured | undefined): string {
  if (value === null || value === undefined) return '–'
  return isFiniteMeasure(value) ? figure(value) : String(value)
}

function optionText(value: unknown): string {
  if (value === undefined) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
