import type { Note } from '@bestmark/core'
import { render } from 'svelte/server'
import { expect, test } from 'vitest'
import Notes from './Notes.svelte'
import { sortedNotes } from './sortedNotes.ts'

const note = (code: Note['code'], tone: Note['tone'], text: string): Note => {
  return { code, tone, text, origin: null }
}
const SAVED_NOWHERE = note('may_be_missed', 'warning', 'Save every 100 steps.')
const TIED = note('near_ties', 'note', '400–600 cannot be told apart.')

test('notes that a person can still act on are separate while the run is active', () => {
  const alive = { warnings: [SAVED_NOWHERE], alarms: [], others: [TIED] }
  const ended = { warnings: [], alarms: [], others: [TIED, SAVED_NOWHERE] }
  expect(sortedNotes([TIED, SAVED_NOWHERE], 'running')).toEqual(alive)
  expect(sortedNotes([TIED, SAVED_NOWHERE], 'completed')).toEqual(ended)
  expect(sortedNotes([TIED, SAVED_NOWHERE], 'lost')).toEqual(ended)
})

test('an alarm is separate from notes that a chip may hide', () => {
  const alarm = note('wrong_direction', 'alarm', 'perplexity is maximised.')
  expect(sortedNotes([TIED, alarm], 'completed')).toEqual({
    warnings: [],
    alarms: [alarm],
    others: [TIED],
  })
})

test('a note has a label, a shape and its origin', () => {
  const origin = { file: 'trainer_state.json', line: 88 }
  const notes = [
    { ...note('wrong_direction', 'alarm', 'perplexity is maximised.'), origin },
    SAVED_NOWHERE,
    TIED,
  ]
  const html = render(Notes, { props: { notes } }).body
  for (const { tone } of notes) expect(html).toContain(`data-shape="${tone}"`)
  expect(html).toMatch(/Alarm:.*perplexity is maximised\..*trainer_state\.json:88/s)
  expect(html).toMatch(/Warning:.*Save every 100 steps\./s)
})

test('a name from a run is never markup in a note', () => {
  const notes = [note('other_winner', 'note', '<b>f1 picks step 5.')]
  expect(render(Notes, { props: { notes } }).body).not.toContain('<b>')
})
