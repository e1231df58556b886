/**
 * What is acted on instead of shown, or not seen at all: control characters, halves of surrogate
 * pairs, line separators, what turns the direction of the text around it, and what has no width.
 * Joiners and variation selectors belong to scripts and emoji; after a plain character they only
 * make two names look alike.
 */
const UNSEEN =
  /[[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]--[\u200c\u200d\p{Variation_Selector}]]|(?<!\P{ASCII})[\u200c\u200d\p{Variation_Selector}](?!\u20e3)/gv

/**
 * One line of text of which every character can be seen. A name from a run may hold anything; what
 * would be acted on, or not be seen, is written as JSON escapes it, so that JSON stays the same JSON.
 */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, escaped)
}

/** Lines of text of which every character can be seen; their line breaks and tabs stay. */
export function visibleLines(text: string): string {
  return text.replaceAll(UNSEEN, (one) => (one === '\n' || one === '\t' ? one : escaped(one)))
}

/** A character as JSON writes it: each of its UTF-16 units. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
