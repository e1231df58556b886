import { type NoteCode, type TrainingJobStatus, ownValue } from '@bestmark/core'
import type { CheckpointList } from '../api.ts'
import { count, measure } from '../figures.ts'
import { checkpointName, testMetric } from '../checkpoint/ranking.ts'

/**
 * What is said beside the choice itself: the second opinion, for how long nothing was better, and
 * what a test split says of those that were scored on one.
 */
export function standingSentences(
  { evaluations_without_improvement: since }: TrainingJobStatus,
  { checkpoints, selection, explanation }: CheckpointList,
): string[] {
  const sentences: string[] = []
  const opinions: readonly NoteCode[] = ['second_opinion', 'trainer_agrees']
  const noted = explanation.notes.some(({ code }) => opinions.includes(code))
  if (selection.second_opinion && !noted) sentences.push(selection.second_opinion.text)
  if (selection.best && since !== null && since > 0) {
    const last = since === 1 ? 'last evaluation' : `last ${count(since)} evaluations`
    sentences.push(`No improvement in the ${last}.`)
  }
  const tested = testWords(checkpoints)
  return tested ? [...sentences, tested] : sentences
}

function testWords(checkpoints: CheckpointList['checkpoints']): string | null {
  const metric = testMetric(checkpoints)
  if (metric === null) return null
  const scores = checkpoints.flatMap((row) => {
    const score = ownValue(row.values, metric)
    const called = row.is_best ? `${checkpointName(row)} (best)` : checkpointName(row)
    return score === undefined ? [] : [`${called} ${measure(score)}`]
  })
  return `Test set, not used for the choice (${metric}): ${scores.join('; ')}.`
}
