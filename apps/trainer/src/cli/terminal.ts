import { visible, visibleLines } from '@bestmark/core'

/**
 * Prints lines to stdout. Control characters and line breaks within a line are printed as escapes,
 * since a run's name may contain them.
 */
export function print(...lines: readonly string[]): void {
  process.stdout.write(textOf(lines))
}

/** Ends lines on the terminal that are not complete, such as half a progress bar. */
export const unfinishedLines = new Set<() => void>()

/** Prints messages for a person to stderr, as `print` does. They begin on a new line. */
export function notify(...lines: readonly string[]): void {
  for (const end of unfinishedLines) end()
  process.stderr.write(textOf(lines))
}

/**
 * Prints a path for another program. Only line breaks are escaped, so that one path does not look
 * like two. On a terminal all control characters are escaped.
 */
export function printPath(path: string): void {
  if (process.stdout.isTTY) print(path)
  else process.stdout.write(`${path.replaceAll(/[\n\r]/g, visible)}\n`)
}

/** Prints a file unchanged for another program. On a terminal control characters are escaped. */
export function printFile(text: string): void {
  process.stdout.write(process.stdout.isTTY ? visibleLines(text) : text)
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${visible(line.replace(/\n$/, ''))}\n`).join('')
}
