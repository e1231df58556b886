/**
 * Characters that have an effect or cannot be seen: control characters, halves of surrogate pairs,
 * line separators, marks of text direction, and characters without width. Joiners and variation
 * selectors are needed in scripts and emoji; after a plain character they only make two names look
 * alike.
 */
const UNSEEN =
  /[[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]--[\u200c\u200d\p{Variation_Selector}]]|(?<!\P{ASCII})[\u200c\u200d\p{Variation_Selector}](?!\u20e3)/gv

/**
 * Text on one line in which every character is visible. A name from a run may have any character.
 * Invisible ones are escaped as in JSON, so that JSON text keeps its meaning.
 */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, escaped)
}

/** Text in which every character is visible; line breaks and tabs stay. */
export function visibleLines(text: string): string {
  return text.replaceAll(UNSEEN, (one) => (one === '\n' || one === '\t' ? one : escaped(one)))
}

/** A character as JSON writes it: each of its UTF-16 units. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
