import type { Evaluation } from '../run/rows.ts'
import { isFiniteMeasure } from '../measured.ts'
import { partsOf } from '../metric/aggregate.ts'
import { withoutSplit } from '../metric/direction.ts'
import { detailOf, measureOf } from '../metric/evaluations.ts'
import { errorFigure } from '../metric/figure.ts'
import type { Noise } from './selection.ts'

/** Shares of right answers: their error follows from the number of samples. */
const PROPORTION =
  /(^|[_/ ])(accuracy|acc|acc_norm|exact_match|em|win_rate|pass@1|rewards\/accuracies)(,.*)?$/
/** Shares of tokens and means of shares: their error does not follow from the number of samples. */
const NOT_OF_SAMPLES = /(^|[^a-z])(token|balanced|mean|macro)([^a-z]|$)/
/** A local smooth needs neighbours: with fewer evaluations the noise is unknown. */
const FEWEST = 7
/** How many evaluations on each side of the best are used for its noise. */
const REACH = 50
/** Turns a median absolute deviation of normal values into their standard deviation (1 / Φ⁻¹(3/4)). */
const MAD_TO_DEVIATION = 1.4826

/** Relative differences as small as these come from rounding. */
const ROUNDING = 1e-12

/** An evaluation, and the first evaluations in order of step. */
export interface NoiseInput {
  evaluations: readonly Evaluation[]
  at: Evaluation
}

/**
 * The noise of one evaluation's value. First choice: the logged standard error. Then the binomial
 * error of a share with a logged number of samples. Then the deviation around a local smooth of its
 * attempt's curve, if that has at least seven points. Otherwise null.
 */
export function noiseOf({ evaluations, at }: NoiseInput, metric: string): Noise | null {
  const logged = measureOf(at, `${metric}_stderr`)
  if (isFiniteMeasure(logged) && logged >= 0) {
    const text = `logged standard error: ±${errorFigure(logged)}`
    return { source: 'logged', standard_error: logged, text }
  }
  const share = binomial(at, metric)
  const curve = residual({ evaluations, at }, metric)
  // A curve much calmer than its samples allow was measured over smaller units, such as tokens.
  const isOfPieces = share && curve && curve.standard_error < share.standard_error / CALMER
  return isOfPieces ? curve : (share ?? curve)
}

/** A curve of shares may be at most this many times calmer than its binomial error. */
const CALMER = 4

/**
 * sqrt(p (1 − p) / n), as fractions or in per cent like the value. At 0 and 1 this is 0 for any
 * number of samples, so there the estimate of Agresti and Coull (1998) with z = 1 is used.
 */
function binomial(at: Evaluation, metric: string): Noise | null {
  const value = measureOf(at, metric)
  const { samples } = detailOf(at, metric)
  if (!isFiniteMeasure(value) || !samples || !isProportion(metric)) return null
  const scale = value > 1 ? 100 : 1
  const share = value / scale
  if (share < 0 || share > 1) return null
  const isEdge = share === 0 || share === 1
  const likely = isEdge ? (share * samples + 0.5) / (samples + 1) : share
  const count = isEdge ? samples + 1 : samples
  const standard_error = scale * Math.sqrt((likely * (1 - likely)) / count)
  const text = `binomial error of ${samples} samples: ±${errorFigure(standard_error)}`
  return { source: 'binomial', standard_error, text }
}

function isProportion(metric: string): boolean {
  const name = withoutSplit(metric)
  return PROPORTION.test(name) && !NOT_OF_SAMPLES.test(name) && !partsOf(metric)
}

function residual({ evaluations, at }: NoiseInput, metric: string): Noise | null {
  const points = nearby(evaluations, at, metric)
  if (points.length < FEWEST) return null
  const deviations = points
    .slice(2, -2)
    .map((middle, index) => Math.abs(deviation(middle, points.slice(index, index + 5))))
  const spread = MAD_TO_DEVIATION * median(deviations)
  if (!Number.isFinite(spread)) return null
  // Smaller deviations come from rounding.
  const largest = points.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0)
  const standard_error = spread > ROUNDING * largest ? spread : 0
  const text = `estimated from the curve: ±${errorFigure(standard_error)}`
  return { source: 'residual', standard_error, text }
}

interface Point {
  step: number
  value: number
}

/** The finite values around an evaluation of the same attempt, in order of step. */
function nearby(evaluations: readonly Evaluation[], at: Evaluation, metric: string): Point[] {
  const center = evaluations.indexOf(at)
  const before: Point[] = []
  const after: Point[] = []
  const collect = (into: Point[], from: number, by: 1 | -1): void => {
    for (let index = from; into.length < REACH && index in evaluations; index += by) {
      const evaluation = evaluations[index]
      if (!evaluation || evaluation.attempt !== at.attempt) continue
      const value = measureOf(evaluation, metric)
      if (isFiniteMeasure(value)) into.push({ step: evaluation.step, value })
    }
  }
  collect(before, center - 1, -1)
  collect(after, center, 1)
  return [...before.reverse(), ...after]
}

/**
 * The distance of the middle of five points from the cubic through the other four, in standard
 * deviations of independent noise. It is 0 for a smooth curve.
 */
function deviation(middle: Point, five: readonly Point[]): number {
  const others = five.filter((one) => one !== middle)
  let expected = 0
  let squares = 1
  for (const one of others) {
    let weight = 1
    for (const other of others) {
      if (other !== one) weight *= (middle.step - other.step) / (one.step - other.step)
    }
    expected += weight * one.value
    squares += weight ** 2
  }
  return (middle.value - expected) / Math.sqrt(squares)
}

/** The median; NaN for an empty list. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  const middle = [sorted[Math.ceil(half) - 1] ?? NaN, sorted[Math.floor(half)] ?? NaN]
  return ((middle[0] ?? NaN) + (middle[1] ?? NaN)) / 2
}
