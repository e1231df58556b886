import { count, measure } from '../figures.ts'
import type { Clipped } from './chart.ts'

/** Names the values that a chart leaves out because they would flatten all others. */
export function clippedWords({ count: values, lowest, highest }: Clipped): string {
  if (values === 1) return `1 outlier is not shown: ${measure(highest)}`
  return `${count(values)} outliers are not shown: ${measure(lowest)} to ${measure(highest)}`
}

/** Says that a chart shows only some of the points; empty if it shows all. */
export function thinnedWords(shown: number, all: number): string {
  return all > shown ? `${count(shown)} of ${count(all)} points; zoom in for more` : ''
}

/** Says that earlier attempts are drawn; empty if there are none. */
export function earlierWords(attempts: number): string {
  if (attempts === 0) return ''
  return attempts === 1 ? 'pale: an earlier attempt' : `pale: ${count(attempts)} earlier attempts`
}
