/** A phrase of our own as a sentence: its first letter is raised, and a full stop ends it. */
export function asSentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`
}
