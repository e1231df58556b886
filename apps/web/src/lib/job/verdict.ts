import type { NoteCode, TrainingJobStatus } from '@bestmark/core'
import type { CheckpointList } from '../api.ts'
import { count } from '../figures.ts'

/** The sentences beside the choice: the second opinion, and the evaluations without improvement. */
export function statusSentences(
  { evaluations_without_improvement: since }: TrainingJobStatus,
  { selection, explanation }: CheckpointList,
): string[] {
  const sentences: string[] = []
  const opinions: readonly NoteCode[] = ['second_opinion', 'trainer_agrees']
  const noted = explanation.notes.some(({ code }) => opinions.includes(code))
  if (selection.second_opinion && !noted) sentences.push(selection.second_opinion.text)
  if (selection.best && since !== null && since > 0) {
    const last = since === 1 ? 'last evaluation' : `last ${count(since)} evaluations`
    sentences.push(`No improvement in the ${last}.`)
  }
  return sentences
}
