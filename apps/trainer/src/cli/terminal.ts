import { visible, visibleLines } from '@bestmark/core'

/**
 * Prints lines to stdout, or JSON on a line. What a name from a run holds that a terminal acts on,
 * line breaks too, is shown escaped; one break at the end of a line is its own.
 */
export function print(...lines: readonly string[]): void {
  process.stdout.write(whole(lines))
}

/** Prints lines to stderr, as `print` does. */
export function tell(...lines: readonly string[]): void {
  process.stderr.write(whole(lines))
}

/**
 * Prints a path that another program is to open: as it is, but for line breaks, with which one path
 * would pass for two. A terminal shows it.
 */
export function printPath(path: string): void {
  if (process.stdout.isTTY) print(path)
  else process.stdout.write(`${path.replaceAll(/[\n\r]/g, visible)}\n`)
}

/** Prints a file for other programs as it is; a terminal shows it. */
export function printFile(text: string): void {
  process.stdout.write(process.stdout.isTTY ? visibleLines(text) : text)
}

function whole(lines: readonly string[]): string {
  return lines.map((line) => `${visible(line.replace(/\n$/, ''))}\n`).join('')
}
