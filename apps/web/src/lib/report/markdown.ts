import { visible } from '@bestmark/core'

/** Characters that have a meaning in Markdown or HTML anywhere in a line. */
const ACTIVE = /[\\`*_{}[\]<>()#+!|~&$@]/g
/** Beginnings that would make a line an item, a rule or a heading. */
const LEADING = /^(\s*)(\d+)?([-.=])/

/** Text on one line of a Markdown file; each character is shown as it is. */
export function plain(text: string): string {
  const line = visible(text.replaceAll(/\s*\n\s*/g, ' '))
  return line.replaceAll(ACTIVE, '\\$&').replace(LEADING, '$1$2\\$3')
}

/** Text as code, also if it has backticks. */
export function code(text: string): string {
  const line = visible(text.replaceAll('\n', ' '))
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${fence}${space}${line}${space}${fence}`
}

/** A table; columns of figures are aligned to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  figures: readonly number[] = [],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, at) => (figures.includes(at) ? '---:' : '---'))
  return [line(head.map(plain)), line(rule), ...rows.map((row) => line(row.map(plain)))].join('\n')
}

/** Labels and values as a table of two columns. */
export function facts(lines: readonly { label: string; text: string }[]): string {
  return table(
    ['name', 'value'],
    lines.map(({ label, text }) => [label, text]),
  )
}

/** A section, or nothing where it is empty. */
export function section(title: string, body: string, isEmpty = body === ''): string[] {
  return isEmpty ? [] : [`## ${title}`, body]
}
