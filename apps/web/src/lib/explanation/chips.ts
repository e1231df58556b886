import type { Note, NoteCode } from '@bestmark/core'

/** The label of a note; its sentence has the details. */
const CHIP_LABELS: Record<NoteCode, string> = {
  wrong_direction: 'wrong direction',
  missed_best: 'missed best',
  may_be_missed: 'best may be missed',
  second_opinion: 'trainer differs',
  trainer_agrees: 'trainer agrees',
  near_ties: 'within noise',
  nothing_to_choose: 'nothing to compare',
  unbeaten_start: 'start is unbeaten',
  other_winner: 'other metrics differ',
  preference_training: 'preference training',
  speech: 'speech metric',
  constant_accuracy: 'accuracy stuck',
  averaged_weights: 'averaged weights',
  hidden_nan: 'hidden NaN',
  unlike_scales: 'different scales',
  unlike_samples: 'different samples',
  best_of_many: 'best of many',
  overfitting: 'overfits',
  loss_rises: 'loss rises',
}

/** A chip, and the notes that it opens. */
export interface Chip {
  label: string
  notes: Note[]
}

const MOST = 3

/** At most three chips, in the order of the notes; the last one holds all other notes. */
export function chipsOf(notes: readonly Note[]): Chip[] {
  const single = notes.length > MOST ? MOST - 1 : MOST
  const chips = notes
    .slice(0, single)
    .map((note) => ({ label: CHIP_LABELS[note.code], notes: [note] }))
  const rest = notes.slice(single)
  return rest.length === 0 ? chips : [...chips, { label: `${rest.length} more`, notes: rest }]
}
