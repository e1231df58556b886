import type { Selection, TrainingJobStatus } from '@bestmark/core'

/** What is said beside the choice itself: the second opinion, and for how long nothing was better. */
export function standingSentences(
  { evaluations_without_improvement: since }: TrainingJobStatus,
  { second_opinion, best }: Selection,
): string[] {
  const sentences: string[] = []
  if (second_opinion) sentences.push(second_opinion.text)
  if (best && since !== null && since > 0) {
    sentences.push(`Not improved for ${since} ${since === 1 ? 'evaluation' : 'evaluations'}.`)
  }
  return sentences
}
