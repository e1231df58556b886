import type { Series } from '@bestmark/core'
import { count, epochs as epochText } from '../figures.ts'
import { duration } from '../times.ts'

/** What the horizontal axis counts: optimiser steps, epochs, or seconds since the start. */
export type Axis = 'step' | 'epoch' | 'time'

export const AXES: readonly Axis[] = ['step', 'epoch', 'time']

/** Logged pairs of step and epoch, used to convert steps to epochs. */
export type EpochMarks = readonly { step: number | null; epoch: number | null }[]

/** Converts a point's step and time (ms since the epoch) to its position on the axis; NaN if unpairs. */
export type PositionOf = (step: number, time: number) => number

/** Returns the function that positions points on an axis; the time axis counts from `start` (ms). */
export function positionOn(axis: Axis, marks: EpochMarks, start: number): PositionOf {
  if (axis === 'step') return (step) => step
  if (axis === 'time') return (_step, time) => (time - start) / 1000
  const pairs = sortedMarks(marks)
  return (step) => epochAt(pairs, step)
}

/** The axes that this run has data for. */
export function axesOf(marks: EpochMarks, series: readonly Pick<Series, 'times'>[]): Axis[] {
  const timed = series.some(({ times }) => Number.isFinite(times[0]))
  return AXES.filter(
    (axis) => axis === 'step' || (axis === 'time' ? timed : sortedMarks(marks).length > 1),
  )
}

interface Mark {
  step: number
  epoch: number
}

function sortedMarks(marks: EpochMarks): Mark[] {
  const pairs = new Map<number, number>([[0, 0]])
  for (const { step, epoch } of marks) if (step !== null && epoch !== null) pairs.set(step, epoch)
  return [...pairs].map(([step, epoch]) => ({ step, epoch })).sort((a, b) => a.step - b.step)
}

/** Linear between the given pairs; beyond the last pair it continues with the same slope. */
function epochAt(pairs: Mark[], step: number): number {
  const after = pairs.findIndex((mark) => mark.step >= step)
  const right = pairs[Math.max(1, after === -1 ? pairs.length - 1 : after)]
  const left = right && pairs[pairs.indexOf(right) - 1]
  if (!left || !right) return NaN
  return left.epoch + ((step - left.step) / (right.step - left.step)) * (right.epoch - left.epoch)
}

/** A position on the axis as text. */
export function positionText(axis: Axis, position: number): string {
  if (axis === 'step') return count(position)
  return axis === 'epoch' ? epochText(position) : duration(position)
}

const MOST_TICKS = 100

const SPANS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400]

/** Ticks at round spans of time, about `wanted` of them; the domain is in seconds. */
export function durationTicks([from, to]: readonly [number, number], wanted: number): number[] {
  const rough = (to - from) / wanted
  const span = SPANS.find((one) => one >= rough) ?? Math.ceil(rough / 86400) * 86400
  // Each tick is a multiple of the span: far from 0, adding the span may not change a number.
  const [first, last] = [Math.ceil(from / span), Math.floor(to / span)]
  const length = Math.min(MOST_TICKS, Math.max(0, last - first + 1))
  return Array.from({ length }, (_, index) => (first + index) * span)
}
