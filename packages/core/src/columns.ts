import { visible } from './visible.ts'

/**
 * Rows of cells as lines with aligned columns, each row on one line. `right` has the columns (from 0) that are
 * aligned to the right, as numbers are. The last column is never padded.
 */
export function columns(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const shown = rows.map((row) => row.map(visible))
  const widths: number[] = []
  for (const row of shown) {
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)))
  }
  return shown.map((row) => {
    const cells = row.map((cell, at) => {
      const width = widths[at] ?? 0
      return right.includes(at) ? cell.padStart(width) : cell.padEnd(width)
    })
    return cells.join('  ').trimEnd()
  })
}
