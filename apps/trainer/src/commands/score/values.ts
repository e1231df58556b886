import { type Direction, type Measured, ownValue, setOwn } from '@bestmark/core'
import { Failure } from '../../failure.ts'
import type { Measurements } from './results.ts'

/** Options for the values. */
interface ValueOptions {
  stderr: readonly string[]
  samples: number | null
  mode: Direction | undefined
}

/** Parses `name=value` words of the command line. Throws a Failure that names a wrong word. */
export function measurementsFromWords(
  words: readonly string[],
  options: ValueOptions,
): Measurements[] {
  if (words.length === 0) {
    throw new Failure(
      'NAME=VALUE is missing. Write a score such as eval_f1=0.9, or name a file with --results.',
    )
  }
  const values: Record<string, Measured> = {}
  for (const word of words) {
    const { name, value } = pairOf(word)
    if (Object.hasOwn(values, name)) throw new Failure(`${name} was given twice. Give it once.`)
    setOwn(values, name, value)
  }
  const metrics = Object.keys(values)
  for (const word of options.stderr) {
    const { metric, error } = errorOf(word, metrics)
    values[`${metric}_stderr`] = error
  }
  const { samples, mode } = options
  const directions = mode ? Object.fromEntries(metrics.map((metric) => [metric, mode])) : {}
  return [{ values, samples, directions, lines: {} }]
}

function pairOf(word: string): { name: string; value: number } {
  const at = word.lastIndexOf('=')
  const name = word.slice(0, Math.max(at, 0)).trim()
  if (name === '') throw new Failure(`"${word}" is not a score. Write a score such as eval_f1=0.9.`)
  return { name, value: numberOf(word.slice(at + 1), name) }
}

function errorOf(word: string, metrics: readonly string[]): { metric: string; error: number } {
  const at = word.lastIndexOf('=')
  const [only, another] = metrics
  const metric = at === -1 ? (another === undefined ? only : undefined) : word.slice(0, at)
  if (metric === undefined || !metrics.includes(metric)) {
    const why = at === -1 ? 'the metric is missing' : `there is no score of "${metric}"`
    throw new Failure(
      `--stderr ${word} cannot be used: ${why}. Write METRIC=NUMBER with one of ${metrics.join(', ')}.`,
    )
  }
  const error = numberOf(word.slice(at + 1), `--stderr of ${metric}`)
  if (!(error >= 0) || error === Infinity) {
    throw new Failure(`--stderr of ${metric} must be 0 or more; got "${word.slice(at + 1)}".`)
  }
  return { metric, error }
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i
const WORDS: Record<string, number> = { nan: NaN, inf: Infinity, infinity: Infinity }

/** Parses a number, including nan and inf. */
function numberOf(text: string, of: string): number {
  const bare = text.trim().replace(/^[-+]/, '').toLowerCase()
  const word = ownValue(WORDS, bare)
  if (word !== undefined) return text.trim().startsWith('-') ? -word : word
  const value = NUMBER.test(text.trim()) ? Number(text) : NaN
  if (!Number.isFinite(value)) {
    throw new Failure(`${of} must be a number, nan or inf; got "${text}".`)
  }
  return value
}
