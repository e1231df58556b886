import { count, measure } from '../figures.ts'
import type { Clipped } from './chart.ts'

/** Which values a chart leaves out, so that they do not flatten all others. */
export function clippedWords({ count: values, lowest, highest }: Clipped): string {
  if (values === 1) return `1 outlier is not shown: ${measure(highest)}`
  return `${count(values)} outliers are not shown: ${measure(lowest)} to ${measure(highest)}`
}

/** That a chart shows fewer points than there are; empty where it shows all. */
export function thinnedWords(shown: number, all: number): string {
  return all > shown ? `${count(shown)} of ${count(all)} points; zoom in for more` : ''
}

/** That earlier attempts are drawn; empty where there are none. */
export function earlierWords(attempts: number): string {
  if (attempts === 0) return ''
  return attempts === 1 ? 'pale: an earlier attempt' : `pale: ${count(attempts)} earlier attempts`
}
