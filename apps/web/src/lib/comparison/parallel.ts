import { type ComparedRun, type DifferingOption, isFiniteMeasure, ownValue } from '@bestmark/core'
import { short, optionText } from '../figures.ts'

/** A position on an axis, from 0 (bottom) to 1 (top), with its label. */
interface Mark {
  at: number
  text: string
}

/** One option, or the metric that decides, as a vertical axis. */
interface Axis {
  name: string
  marks: Mark[]
}

/** The height of a run on each axis; null where it has no value. */
export interface Way {
  job_id: string
  heights: (number | null)[]
}

interface Parallel {
  /** The options, then the metric; empty if no option can be shown. */
  axes: Axis[]
  ways: Way[]
  /** How many options had no room. */
  more: number
}

/** The most options that a picture has room for. */
const MOST = 7
/** The most labels that an axis of texts has room for. */
const MOST_TEXTS = 8
/** Numbers whose largest is at least this many times the smallest are positioned by logarithms. */
const FAR = 50

/** Prepares the picture of options against the best value, for runs that can be compared. */
export function prepareParallel(
  runs: readonly ComparedRun[],
  options: readonly DifferingOption[],
  metric: string,
): Parallel {
  const ids = runs.map(({ job_id }) => job_id)
  const usable = options.flatMap((option) => scaleOf(option, ids) ?? [])
  const shown = usable.slice(0, MOST)
  if (shown.length === 0) return { axes: [], ways: [], more: 0 }
  const values = Object.fromEntries(runs.map(({ job_id, best }) => [job_id, best?.value]))
  const last = numbers({ name: metric, values }, ids)
  const scales = [...shown, ...(last ? [last] : [])]
  const ways = ids.map((job_id) => ({
    job_id,
    heights: scales.map(({ height }) => height(job_id)),
  }))
  return { axes: scales.map(({ axis }) => axis), ways, more: usable.length - shown.length }
}

interface Scale {
  axis: Axis
  height: (job_id: string) => number | null
}

function scaleOf(option: DifferingOption, ids: readonly string[]): Scale | undefined {
  const values = ids.map((id) => ownValue(option.values, id)).filter((value) => value !== undefined)
  if (new Set(values.map(optionText)).size < 2) return undefined
  const areNumbers = values.every((value) => typeof value === 'number')
  return areNumbers ? numbers(option, ids) : texts(option, ids)
}

function numbers({ name, values }: DifferingOption, ids: readonly string[]): Scale | undefined {
  const finite = ids.flatMap((id) => {
    const value = ownValue(values, id)
    return typeof value === 'number' && isFiniteMeasure(value) ? [value] : []
  })
  if (finite.length === 0) return undefined
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  const position = low > 0 && high / low >= FAR ? Math.log : (value: number) => value
  const span = position(high) - position(low)
  const at = (value: number) => (span > 0 ? (position(value) - position(low)) / span : 0.5)
  const ends = high > low ? [low, high] : [low]
  const marks = ends.map((value) => ({ at: at(value), text: short(value) }))
  const height = (id: string): number | null => {
    const value = ownValue(values, id)
    return typeof value === 'number' && isFiniteMeasure(value) ? at(value) : null
  }
  return { axis: { name, marks }, height }
}

function texts({ name, values }: DifferingOption, ids: readonly string[]): Scale | undefined {
  const textOf = (id: string): string | undefined => {
    const value = ownValue(values, id)
    return value === undefined ? undefined : optionText(value)
  }
  const all = [...new Set(ids.flatMap((id) => textOf(id) ?? []))].sort()
  // If each run has a different text, it is a name and has no order.
  if (all.length > MOST_TEXTS || (all.length === ids.length && ids.length > 2)) return undefined
  const at = (text: string) => (all.length > 1 ? all.indexOf(text) / (all.length - 1) : 0.5)
  const height = (id: string): number | null => {
    const text = textOf(id)
    return text === undefined ? null : at(text)
  }
  return { axis: { name, marks: all.map((text) => ({ at: at(text), text })) }, height }
}
