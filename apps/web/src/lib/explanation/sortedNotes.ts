import { hasEnded, type JobState, type Note, type NoteCode } from '@bestmark/core'

/** Notes that a person can still act on while the run is active. */
const HELPABLE: readonly NoteCode[] = ['may_be_missed', 'missed_best']

/** The notes in three groups: to act on now, those that make the answer doubtful, and the rest. */
export function sortedNotes(
  notes: readonly Note[],
  status: JobState,
): { warnings: Note[]; alarms: Note[]; others: Note[] } {
  const alive = !hasEnded(status) && status !== 'lost'
  const helps = ({ code }: Note) => alive && HELPABLE.includes(code)
  const rest = notes.filter((note) => !helps(note))
  return {
    warnings: notes.filter(helps),
    alarms: rest.filter(({ tone }) => tone === 'alarm'),
    others: rest.filter(({ tone }) => tone !== 'alarm'),
  }
}
