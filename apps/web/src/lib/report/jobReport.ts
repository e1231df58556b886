import { measuredJson, visibleLines } from '@bestmark/core'
import type { Deployment, LogLine, Sample, SamplePair } from '../api.ts'
import { checkpointName } from '../checkpoint/ranking.ts'
import { kindWords } from '../checkpoint/kind.ts'
import { whyText } from '../checkpoint/why.ts'
import { deploymentWords } from '../deploy/deployment.ts'
import { readingGroups } from '../explanation/readings.ts'
import { count, delta, measure, UNKNOWN } from '../figures.ts'
import { environmentLines, factLine, optionTexts } from '../job/configuration.ts'
import { statusSentences } from '../job/verdict.ts'
import { distanceWords, stepName } from '../samples/sampledSteps.ts'
import { isKnown, statusLines } from '../status/fields.ts'
import { exact } from '../times.ts'
import type { JobSnapshot } from '../watch/snapshot.ts'
import { jobHeadline } from './headline.ts'
import { code, facts, plain, section, table } from './markdown.ts'

/** What a report of a job is made of. */
export type JobReport = Pick<JobSnapshot, 'detail' | 'decided' | 'deployments' | 'read_at'> & {
  /** Oldest first. */
  warnings: LogLine[]
  samples: SamplePair
}

/** The most checkpoints and warnings that a report in Markdown lists; the others are counted. */
const MOST = 30

/** The report as JSON, with each value as it was measured. */
export function jobJson({
  detail,
  decided,
  deployments,
  warnings,
  samples,
  read_at,
}: JobReport): string {
  const { status, selection, explanation, checkpoints } = decided
  const report = {
    headline: jobHeadline(decided),
    made_at: read_at,
    ...{ status, selection, explanation, checkpoints },
    ...{ config: detail.config, environment: detail.environment },
    ...{ attempts: detail.attempts, deployments, samples, warnings },
  }
  return `${visibleLines(measuredJson(report, 2))}\n`
}

/** The report as Markdown. */
export function jobMarkdown(report: JobReport): string {
  const { detail, decided, deployments, warnings, read_at } = report
  const { status, explanation, checkpoints } = decided
  const best = checkpoints.find(({ is_best }) => is_best)
  const { chosen, latest } = readingGroups(status, explanation)
  const parts = [
    `# ${plain(jobHeadline(decided))}`,
    plain([status.name, status.project, status.status, status.host].filter(Boolean).join(', ')),
    plain(explanation.sentence),
    ...(best ? [`Checkpoint: ${code(best.absolute_path)}`] : []),
    ...(best?.digest ? [`SHA-256: ${code(best.digest)}`] : []),
    plain(`Decided by: ${explanation.decided}.`),
    explanation.notes.map(({ text }) => `- ${plain(text)}`).join('\n'),
    plain(statusSentences(status, decided).join(' ')),
    ...(status.error ? [`Error: ${plain(status.error)}`] : []),
    ...section('The choice', choice(report)),
    ...section('Samples', sampled(report.samples)),
    ...section('Readings', facts([...chosen, ...latest])),
    ...section('Configuration', ...factsOrNone(optionTexts(detail.config).map(factLine))),
    ...section('Environment', ...factsOrNone(environmentLines(detail.environment))),
    ...section(
      'Where and when',
      facts([...statusLines(status, 'progress'), ...statusLines(status, 'run')].filter(isKnown)),
    ),
    ...section('Deployments', deployments.map(shipment).join('\n')),
    ...section('Warnings', warned(warnings)),
    plain(`Bestmark, ${exact(read_at)}.`),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

/** The samples of the best and the last step: texts as they are, files by their paths. */
function sampled({ best, distance, last }: SamplePair): string {
  const isOne = best[0]?.sample_id === last[0]?.sample_id
  const lines = [
    ...best.map((one) =>
      sampleLine(one, distanceWords(distance) || (isOne ? 'best and last' : 'best')),
    ),
    ...(isOne ? [] : last.map((one) => sampleLine(one, 'last'))),
  ]
  const more = lines.length > MOST ? [`${lines.length - MOST} more are not listed.`] : []
  return [...lines.slice(0, MOST), ...more].join('\n')
}

function sampleLine(sample: Sample, role: string): string {
  const prompt = sample.prompt ?? `prompt ${sample.prompt_index + 1}`
  const made = sample.text === null ? code(sample.path ?? '') : plain(sample.text)
  return `- ${plain(`${stepName(sample)}, ${role}, ${prompt}:`)} ${made}`
}

function factsOrNone(lines: readonly { label: string; text: string }[]): [string, boolean] {
  return [facts(lines), lines.length === 0]
}

function choice({ decided }: JobReport): string {
  const { checkpoints: rows, total } = decided
  if (rows.length === 0) return 'No checkpoints are recorded.'
  const metric = decided.selection.metric ?? 'eval'
  const head = ['rank', 'checkpoint', metric, 'to the best', 'train loss', 'files', 'reason']
  const cells = rows
    .slice(0, MOST)
    .map((row) => [
      String(row.rank ?? UNKNOWN),
      checkpointName(row),
      measure(row.value),
      row.is_best ? '' : delta(row.difference),
      measure(row.train_loss),
      [row.files_state, kindWords(row)].filter(Boolean).join(', '),
      row.is_best ? 'best' : whyText(row),
    ])
  const more = total > MOST ? `\n\n${total - MOST} more are not listed.` : ''
  return table(head, cells, [0, 2, 3, 4]) + more
}

function shipment(one: Deployment): string {
  const what = `${exact(one.created_at)}: ${checkpointName(one)} to models/${one.model_name}`
  return `- ${plain(`${what}, ${deploymentWords(one)}.`)}`
}

function warned(warnings: readonly LogLine[]): string {
  const newest = warnings.slice(-MOST)
  return newest
    .map(({ step, text }) => `- ${plain(step === null ? text : `Step ${count(step)}: ${text}`)}`)
    .join('\n')
}
