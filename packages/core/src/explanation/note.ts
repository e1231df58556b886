import type { Note, NoteCode } from './explanation.ts'

/** One note; most come from no single line. */
export function note(code: NoteCode, tone: Note['tone'], text: string): Note {
  return { code, tone, text: sentence(text), origin: null }
}

function sentence(text: string): string {
  // A metric's name keeps its own letters.
  const isName = /^\S*[_/@(.:]\S/.test(text)
  const capital = isName ? text : text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?!]$/.test(capital) ? capital : `${capital}.`
}
