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

/** As many differing settings as a line has room for. */
const MOST_SETTINGS = 4

/** A comparison as text: the answer, where its checkpoint lies, what to know, and a table per group. */
export function comparisonText({ comparison, best_paths, found }: ComparedJobs): string[] {
  const { sentence, best, groups, runs, notes } = comparison
  const path = best && ownValue(best_paths, best.job_id)
  const newest =
    found > runs.length ? [`!  Only the newest ${runs.length} of ${found} jobs were compared.`] : []
  const known = [...newest, ...notes.map(({ text }) => `-  ${text}`)]
  const parts = [
    [sentence, ...(path ? [`Its checkpoint: ${path}`] : [])],
    known,
    ...groups.map((group) => groupLines(comparison, group)),
    runs.filter((run) => run.rank === null).map(({ name, reason }) => `${name}: ${reason}`),
  ]
  const shown = parts.filter((lines) => lines.length > 0)
  return shown.flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]))
}

function groupLines(comparison: Comparison, group: ComparisonGroup): string[] {
  const { settings, groups } = comparison
  const runs = comparison.runs.filter(({ job_id }) => group.job_ids.includes(job_id))
  const differing = differingAmong(settings, runs).slice(0, MOST_SETTINGS)
  const head = ['rank', 'run', 'step', group.metric, 'difference', 'last', 'min', 'max', '']
  const rows = runs.map((run) => [
    ...cellsOf(run),
    ...differing.map(({ values }) => settingText(ownValue(values, run.job_id))),
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
    ...[`${rank ?? '–'}`, name, `${best?.step ?? '–'}`, shown(best?.value)],
    ...[is_best || !isFiniteMeasure(difference) ? '' : signed(difference)],
    ...[shown(figures?.last), shown(figures?.min), shown(figures?.max), mark],
  ]
}

function shown(value: Measured | undefined): string {
  if (value === null || value === undefined) return '–'
  return isFiniteMeasure(value) ? figure(value) : String(value)
}

function settingText(value: unknown): string {
  if (value === undefined) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
