import type { Note, NoteCode } from './explanation.ts'

/** One note of whole sentences; most come from no single line. */
export function note(code: NoteCode, tone: Note['tone'], text: string): Note {
  return { code, tone, text, origin: null }
}
