/**
 * What a terminal acts on instead of showing it: control characters (C0, DEL, C1), line separators,
 * and what turns the direction of the text around it.
 */
const ACTED_ON = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * One line of text that a terminal only shows. A name from a run may hold anything; what a terminal
 * would act on is written as JSON escapes it, so that JSON stays the same JSON.
 */
export function visible(text: string): string {
  return text.replaceAll(ACTED_ON, escaped)
}

/** Lines of text that a terminal only shows; their newlines and tabs stay. */
export function visibleLines(text: string): string {
  return text.replaceAll(ACTED_ON, (one) => (one === '\n' || one === '\t' ? one : escaped(one)))
}

/** Prints text, or JSON, to stdout. */
export function print(text: string): void {
  process.stdout.write(visibleLines(text))
}

/** Prints text, or JSON, to stderr. */
export function tell(text: string): void {
  process.stderr.write(visibleLines(text))
}

/** Prints to stdout what a program or a file is to have as it is, such as a path; a terminal shows it. */
export function printExactly(text: string): void {
  if (process.stdout.isTTY) print(text)
  else process.stdout.write(text)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
