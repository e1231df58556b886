/** The width of one step in the film strip (px). */
export const CELL = 96
/** How many steps beyond both edges are drawn, so that scrolling shows no gap. */
const BEYOND = 4

/** The steps of a film strip that are drawn: from the first to before the end. */
export function drawnCells(
  count: number,
  scrolled: number,
  width: number,
): { first: number; end: number } {
  const first = Math.max(0, Math.floor(scrolled / CELL) - BEYOND)
  const end = Math.min(count, Math.ceil((scrolled + width) / CELL) + BEYOND)
  return { first: Math.min(first, count), end }
}

/** Where to scroll so that a cell is in sight; it stays if it is already. */
export function scrolledTo(cell: number, scrolled: number, width: number): number {
  const start = cell * CELL
  if (start < scrolled) return start
  return start + CELL > scrolled + width ? start + CELL - width : scrolled
}
