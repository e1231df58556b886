import { hasEnded, type JobState, type Note, type NoteCode } from '@bestmark/core'

/** What a person can still prevent while the run goes on. */
const HELPABLE: readonly NoteCode[] = ['may_be_missed', 'missed_best']

/** The notes on a choice in their order, with those apart that can still be helped. */
export function sortedNotes(
  notes: readonly Note[],
  status: JobState,
): { warnings: Note[]; others: Note[] } {
  const alive = !hasEnded(status) && status !== 'lost'
  const helps = ({ code }: Note) => alive && HELPABLE.includes(code)
  return { warnings: notes.filter(helps), others: notes.filter((note) => !helps(note)) }
}
