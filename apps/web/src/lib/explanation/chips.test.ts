import type { Note } from '@bestmark/core'
import { expect, test } from 'vitest'
import { chipsOf } from './chips.ts'

const note = (code: Note['code'], tone: Note['tone'] = 'note'): Note => {
  return { code, tone, text: code, origin: null }
}

test('up to three notes have one chip each, in their order', () => {
  const chips = chipsOf([note('overfitting', 'warning'), note('near_ties'), note('best_of_many')])
  expect(chips.map(({ label }) => label)).toEqual(['overfits', 'within noise', 'best of many'])
  expect(chipsOf([])).toEqual([])
})

test('a chip says whether the trainer agrees, and only overfitting is called overfitting', () => {
  const codes = ['second_opinion', 'trainer_agrees', 'overfitting', 'loss_rises'] as const
  const labels = codes.flatMap((code) => chipsOf([note(code)])).map(({ label }) => label)
  expect(labels).toEqual(['trainer differs', 'trainer agrees', 'overfits', 'loss rises'])
})

test('with more than three notes the last chip opens the rest, so that none is lost', () => {
  const notes = [note('speech'), note('near_ties'), note('hidden_nan'), note('other_winner')]
  const chips = chipsOf(notes)
  expect(chips.map(({ label }) => label)).toEqual(['speech metric', 'within noise', '2 more'])
  expect(chips.flatMap((chip) => chip.notes)).toEqual(notes)
})
