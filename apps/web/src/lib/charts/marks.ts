import type { ChartCheckpoint, Line, Tick } from './chart.ts'
import { inReach } from './domain.ts'
import type { Point } from './point.ts'

/** More rings than this could not be told apart. */
const MOST_RINGS = 60

/** How far apart (px) ticks of one state stand at least. */
const APART = 6

/**
 * The ticks of the checkpoints inside the window; of those at one position each state is shown once.
 * The best comes last, so that nothing is drawn over it.
 */
export function ticksOf(
  checkpoints: readonly ChartCheckpoint[],
  at: (step: number) => number,
  [from, to]: [number, number],
  width: number,
): Tick[] {
  const taken = new Set<string>()
  const ticks = checkpoints.flatMap(({ step, files_state, is_best }) => {
    const x = step === null ? NaN : at(step)
    if (step === null || !(x >= from && x <= to)) return []
    const position = `${Math.round((((x - from) / (to - from)) * width) / APART)} ${files_state}`
    if (taken.has(position) && !is_best) return []
    taken.add(position)
    return [{ x, step, files_state, is_best }]
  })
  return ticks.sort((a, b) => Number(a.is_best) - Number(b.is_best))
}

/** Of marks in order of position, those that stand at least `least` pixels from the one before. */
export function apart<Mark>(
  marks: readonly Mark[],
  at: (mark: Mark) => number,
  least: number,
): Mark[] {
  let before = -Infinity
  return marks.filter((mark) => {
    if (at(mark) - before < least) return false
    before = at(mark)
    return true
  })
}

/** A step on the evaluation curve, or null where it lies outside the window. */
export function markAt(
  step: number | null,
  lines: Line[],
  at: (step: number) => number,
  [from, to]: [number, number],
): Point | null {
  const x = step === null ? NaN : at(step)
  if (step === null || !(x >= from && x <= to)) return null
  const curve = lines.find((line) => line.kind === 'evaluation')?.columns
  const index = curve ? curve.steps.indexOf(step) : -1
  return { x, y: inReach(curve?.values[index] ?? NaN), step }
}

/** What noise cannot tell from the best, each step once, where the curve has a value there. */
export function tiedOf(
  checkpoints: readonly ChartCheckpoint[],
  lines: Line[],
  at: (step: number) => number,
  window: [number, number],
): Point[] {
  const steps = new Set(checkpoints.filter(isTied).map(({ step }) => step))
  if (steps.size > MOST_RINGS) return []
  return [...steps].flatMap((step) => {
    const mark = markAt(step, lines, at, window)
    return mark && Number.isFinite(mark.y) ? [mark] : []
  })
}

function isTied({ is_tied, is_best }: ChartCheckpoint): boolean {
  return is_tied === true && !is_best
}
