import type { Note, NoteCode } from './explanation.ts'

/** A note of whole sentences, without an origin. */
export function note(code: NoteCode, tone: Note['tone'], text: string): Note {
  return { code, tone, text, origin: null }
}
