import type { Point } from './point.ts'

/**
 * The part of an unbroken run inside [from, to]. Where it crosses an edge, it gets an interpolated
 * end point on the edge, so that all that is drawn is in view. The positions must rise.
 */
export function clipped(
  run: readonly Point[],
  [from, to]: readonly [number, number],
  log: boolean,
): Point[] {
  const first = run.findIndex(({ x }) => x >= from)
  const end = run.findIndex(({ x }) => x > to)
  if (first === -1) return []
  const kept = run.slice(first, end === -1 ? run.length : end)
  const [before, after] = [run[first - 1], end === -1 ? undefined : run[end]]
  const [next, last] = [run[first], end === -1 ? undefined : run[end - 1]]
  if (before && next && next.x > from) kept.unshift(between(before, next, from, log))
  if (last && after && last.x < to) kept.push(between(last, after, to, log))
  return kept
}

function between(a: Point, b: Point, x: number, log: boolean): Point {
  const share = (x - a.x) / (b.x - a.x)
  const mean = (low: number, high: number) => low * (1 - share) + high * share
  const y = log ? Math.exp(mean(Math.log(a.y), Math.log(b.y))) : mean(a.y, b.y)
  return { x, y, step: NaN }
}
