import { durationTicks, type Axis } from './axis.ts'
import type { Continuous } from './cake.ts'

/** A tick of an axis, with its label. */
export interface AxisTick {
  value: number
  text: string
}

/** The width (px) of a character on an axis, and the least gap between labels. */
const CHARACTER = 6.6
const APART = 8

/**
 * The ticks that fit on an axis: finite, each once, each with its own label. `at` positions a
 * value (px); `room` says how much of the axis a label takes.
 */
function fitting(
  values: readonly number[],
  texts: readonly string[],
  at: (value: number) => number,
  room: (text: string) => number,
): AxisTick[] {
  const used = new Set<string>()
  let taken = { position: NaN, room: 0 }
  return values.flatMap((value, index) => {
    const [position, text] = [at(value), texts[index] ?? '']
    const needed = room(text)
    const crowds = Math.abs(position - taken.position) < (needed + taken.room) / 2 + APART
    if (!Number.isFinite(position) || used.has(text) || crowds) return []
    used.add(text)
    taken = { position, room: needed }
    return [{ value, text }]
  })
}

/** Round positions on a horizontal axis, about `wanted` of them. */
export function tickPositions(axis: Axis, scale: Continuous, wanted: number): number[] {
  const [from = 0, to = 1] = scale.domain()
  if (axis === 'time') return durationTicks([from, to], wanted)
  return scale.ticks(wanted).filter((tick) => axis === 'epoch' || Number.isInteger(tick))
}

/** Ticks of a horizontal axis. */
export function ticksAcross(
  values: readonly number[],
  textOf: (value: number) => string,
  at: (value: number) => number,
): AxisTick[] {
  return fitting(values, values.map(textOf), at, (text) => text.length * CHARACTER)
}

/** Ticks of a vertical axis, with as many digits as they need to differ. */
export function ticksUp(
  values: readonly number[],
  textOf: (value: number, digits: number) => string,
  at: (value: number) => number,
): AxisTick[] {
  return fitting(values, distinct(values, textOf), at, () => LINE)
}

/** The height (px) of a line of text. */
const LINE = 16

/** With more digits these two doubles would be the same. */
const MOST_DIGITS = 17
const FEWEST_DIGITS = 4

function distinct(
  values: readonly number[],
  textOf: (value: number, digits: number) => string,
): string[] {
  const wanted = new Set(values).size
  for (let digits = FEWEST_DIGITS; digits < MOST_DIGITS; digits += 1) {
    const texts = values.map((value) => textOf(value, digits))
    if (new Set(texts).size === wanted) return texts
  }
  return values.map((value) => textOf(value, MOST_DIGITS))
}
