import { groupWords, measuredJson, ownValue, visibleLines, type ComparedRun } from '@bestmark/core'
import type { ComparedJobs } from '../api.ts'
import { optionOfRun } from '../comparison/comparisonView.ts'
import { delta, measure, UNKNOWN } from '../figures.ts'
import { exact } from '../times.ts'
import { comparisonHeadline, stepName } from './headline.ts'
import { code, plain, section, table } from './markdown.ts'

/** The most runs that are columns of the table of options. */
const MOST_RUNS = 8

/** The report of a comparison as JSON, with each value as it was measured. */
export function comparisonJson({ comparison, best_paths, found }: ComparedJobs, made_at: number) {
  const headline = comparisonHeadline(comparison)
  return `${visibleLines(measuredJson({ headline, made_at, ...comparison, best_paths, found }, 2))}\n`
}

/** The report of a comparison as Markdown. */
export function comparisonMarkdown(compared: ComparedJobs, made_at: number): string {
  const { comparison, best_paths, found } = compared
  const { best, groups, notes, runs } = comparison
  const path = best && ownValue(best_paths, best.job_id)
  const without = runs.filter(({ rank }) => rank === null)
  const parts = [
    `# ${plain(comparisonHeadline(comparison))}`,
    plain(comparison.sentence),
    ...(path ? [`Checkpoint: ${code(path)}`] : []),
    ...(found > runs.length
      ? [`Only the newest ${runs.length} of ${found} jobs were compared.`]
      : []),
    notes.map(({ text }) => `- ${plain(text)}`).join('\n'),
    ...groups.flatMap((group) => [
      `## ${plain(groupWords(group))}`,
      ...(best ? [] : [plain(group.sentence)]),
      runTable(runs.filter(({ job_id }) => group.job_ids.includes(job_id))),
    ]),
    ...section(
      'Without a checkpoint that can be chosen',
      without.map(({ name, reason }) => `- ${plain(`${name}: ${reason}`)}`).join('\n'),
    ),
    ...section('Options that differ', optionTable(compared), comparison.config.length === 0),
    plain(`Bestmark, ${exact(made_at)}.`),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function runTable(runs: readonly ComparedRun[]): string {
  const metric = runs[0]?.metric ?? ''
  const head = ['rank', 'run', 'checkpoint', metric, 'to the best', 'last', 'min', 'max']
  const rows = runs.map((run) => {
    const figures = ownValue(run.figures, metric)
    return [
      String(run.rank ?? UNKNOWN),
      run.name,
      run.best ? stepName(run.best) : UNKNOWN,
      measure(run.best?.value),
      run.is_best ? 'best' : `${delta(run.difference)}${run.is_tied ? ', within the noise' : ''}`,
      ...[measure(figures?.last), measure(figures?.min), measure(figures?.max)],
    ]
  })
  return table(head, rows, [0, 3, 4, 5, 6, 7])
}

function optionTable({ comparison }: ComparedJobs): string {
  const runs = comparison.runs.slice(0, MOST_RUNS)
  return table(
    ['option', ...runs.map(({ name }) => name)],
    comparison.config.map((option) => [
      option.name,
      ...runs.map(({ job_id }) => optionOfRun(option, job_id)),
    ]),
  )
}
