/** How many characters of an error or a reason stand where there is no room to scroll. */
const MOST = 2_000

/** The last line of an error that says something, where a traceback names what went wrong. */
export function lastLine(error: string | null): string {
  const lines = (error ?? '').split('\n').map((line) => line.trim())
  return lines.findLast(Boolean) ?? ''
}

/** An error bounded to its last `most` characters, since the end tells the most. */
export function endOfText(error: string, most = MOST): string {
  return error.length > most ? `…${error.slice(-most)}` : error
}
