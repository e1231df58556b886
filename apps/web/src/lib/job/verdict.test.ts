import { expect, test } from 'vitest'
import type { CheckpointList } from '../api.ts'
import { statusSentences } from './verdict.ts'

function sentencesOf(since: number | null, opinion: string | null = null) {
  const second_opinion = opinion && { text: opinion }
  const list = { selection: { best: {}, second_opinion }, explanation: { notes: [] } }
  // Only the fields that the sentences use.
  const [status, decided] = [{ evaluations_without_improvement: since }, list] as unknown as [
    Parameters<typeof statusSentences>[0],
    CheckpointList,
  ]
  return statusSentences(status, decided)
}

test('there is no text while the latest evaluation is the best', () => {
  expect(sentencesOf(0)).toEqual([])
  expect(sentencesOf(null)).toEqual([])
})

test('the second opinion and the evaluations without improvement are shown', () => {
  expect(sentencesOf(1, 'The trainer agrees.')).toEqual([
    'The trainer agrees.',
    'No improvement in the last evaluation.',
  ])
})
