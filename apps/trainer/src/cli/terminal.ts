import { visible, visibleLines } from '@bestmark/core'

/**
 * Prints lines to stdout, or JSON on a line. Control characters, such as those in a run's name, are
 * printed as escapes. So are line breaks, except one at the end of a line.
 */
export function print(...lines: readonly string[]): void {
  process.stdout.write(whole(lines))
}

/** Prints lines to stderr, as `print` does. */
export function notify(...lines: readonly string[]): void {
  process.stderr.write(whole(lines))
}

/**
 * Prints a path for another program: unchanged, except line breaks, which would make one path look
 * like two. On a terminal all control characters are escaped.
 */
export function printPath(path: string): void {
  if (process.stdout.isTTY) print(path)
  else process.stdout.write(`${path.replaceAll(/[\n\r]/g, visible)}\n`)
}

/** Prints a file for other programs unchanged; on a terminal control characters are escaped. */
export function printFile(text: string): void {
  process.stdout.write(process.stdout.isTTY ? visibleLines(text) : text)
}

function whole(lines: readonly string[]): string {
  return lines.map((line) => `${visible(line.replace(/\n$/, ''))}\n`).join('')
}
