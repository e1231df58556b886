/** The last line of an error that is not empty; in a traceback it names the error. */
export function lastLine(error: string | null): string {
  const lines = (error ?? '').split('\n').map((line) => line.trim())
  return lines.findLast(Boolean) ?? ''
}
