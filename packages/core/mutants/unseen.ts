/** A small change in the code; `from` and `to` are code on one line. */
export interface Change {
  /** Relative to `src`. */
  file: string
  from: string
  to: string
}

/** A change that no test can see. */
export interface UnseenChange extends Change {
  why: string
}

/** How the changes that survived a run differ from those that no test can see. */
export interface Difference {
  /** A test is missing for each of these. */
  untested: Change[]
  /** The code has changed, or a test sees these now. */
  outdated: UnseenChange[]
}

/** The part of Stryker's report that is read. Lines and columns begin with 1. */
export interface Report {
  files: Record<string, { source: string; mutants: readonly Mutant[] }>
}
interface Mutant {
  status: string
  replacement?: string
  location: { start: Position; end: Position }
}
interface Position {
  line: number
  column: number
}

/** The changes of a run that no test noticed, in the order of the report. */
export function survivorsOf({ files }: Report): Change[] {
  return Object.entries(files).flatMap(([path, { source, mutants }]) => {
    const lines = source.split('\n')
    return mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ location, replacement = '' }) => ({
        file: path.replace(/^src\//, ''),
        from: onOneLine(textAt(lines, location)),
        to: onOneLine(replacement),
      }))
  })
}

function textAt(lines: readonly string[], { start, end }: Mutant['location']): string {
  const within = lines.slice(start.line - 1, end.line)
  const last = within.length - 1
  return within
    .map((line, index) => line.slice(0, index === last ? end.column - 1 : undefined))
    .map((line, index) => line.slice(index === 0 ? start.column - 1 : 0))
    .join('\n')
}

/** So that a change keeps its name when the code is formatted anew. */
function onOneLine(code: string): string {
  return code.replace(/\s+/g, ' ').trim()
}

/**
 * Reads a table with tabs between its columns, and a head.
 *
 * @throws Error with the line's number if a line does not have four columns.
 */
export function parseUnseen(table: string): UnseenChange[] {
  const [, ...rows] = table.trimEnd().split('\n')
  return rows.map((row, index) => {
    const [file, from, to, why, ...more] = row.split('\t')
    if (!file || !from || to === undefined || !why || more.length > 0)
      throw new Error(`Line ${index + 2} must have file, from, to and why, with tabs between.`)
    return { file, from, to, why }
  })
}

/** Compares within the files of a run. The same change at two places of a file counts twice. */
export function differenceOf(
  { files }: Report,
  survivors: readonly Change[],
  unseen: readonly UnseenChange[],
): Difference {
  const left = unseen.filter(({ file }) => Object.hasOwn(files, `src/${file}`))
  const untested = survivors.filter((one) => {
    const at = left.findIndex((other) => keyOf(other) === keyOf(one))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return { untested, outdated: left }
}

function keyOf({ file, from, to }: Change): string {
  return `${file}\t${from}\t${to}`
}
