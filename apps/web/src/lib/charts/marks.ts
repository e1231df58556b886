import type { ChartCheckpoint, Line, Tick } from './chart.ts'
import { inReach } from './domain.ts'
import type { Point } from './point.ts'

/** More rings than this could not be distinguished. */
const MOST_RINGS = 60

/** The least distance (px) between ticks of one state. */
const APART = 6

/**
 * The ticks of the checkpoints inside the window. Ticks at one position are drawn once per state.
 * The best comes last, so that no other tick covers it.
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

/** The marks that are at least `least` pixels after the one before; marks are in order of position. */
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

/** A step on the evaluation curve, or null if it is outside the window. */
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

/** The checkpoints within the noise of the best, one per step, if the curve has a value there. */
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
