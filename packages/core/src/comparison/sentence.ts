import { superlative } from '../metric/direction.ts'
import { errorFigure, figure, grouped, listedWords, signed } from '../metric/figure.ts'
import type { Noise } from '../selection/selection.ts'
import type { ComparedRun, ComparisonGroup, DataFact } from './comparison.ts'
import { isTied, type RunWithBest } from './selectedRun.ts'

type Names = ReadonlyMap<string, string>

/** A text lists at most this many runs by name. */
const MOST = 4

/** The shown name of each run: its name, plus the start of its id if another run has the same name. */
export function shownNames(runs: readonly Pick<ComparedRun, 'job_id' | 'name'>[]): Names {
  const byName = Map.groupBy(runs, ({ name }) => name.trim())
  return new Map(
    [...byName].flatMap(([name, some]) =>
      some.map(({ job_id }) => [job_id, shownName(name, job_id, some.length === 1)]),
    ),
  )
}

function shownName(name: string, job_id: string, isUnique: boolean): string {
  const id = job_id.slice(0, 8)
  if (name === '') return `job ${id}`
  return isUnique ? name : `${name} (${id})`
}

/** Some runs by their names; many runs by their number. */
export function runWords(job_ids: readonly string[], names: Names): string {
  if (job_ids.length > MOST) return `${job_ids.length} runs`
  return listedWords(job_ids.map((job_id) => names.get(job_id) ?? job_id))
}

/** The result of one group in a few sentences: the best run first. */
export function groupSentence(
  best: RunWithBest,
  others: readonly RunWithBest[],
  names: Names,
): string {
  const [next] = others
  const { metric, direction, near_ties } = best
  const what = `${metric} ${figure(best.best.value)}`
  if (!next) return `${stepOf(best, names)}: ${what}. No other run can be compared with it.`
  const which = superlative(direction)
  const first = `${stepOf(best, names)} is best: ${what}, the ${which} of ${others.length + 1} runs.`
  const tied = others.filter((run) => isTied(best, run))
  const isNoise = near_ties && tied.length > 0
  return `${first} ${isNoise ? tiedWords(tied, near_ties.noise, names) : nextWords(best, next, names)}`
}

function stepOf({ job_id, best }: RunWithBest, names: Names): string {
  return `${names.get(job_id)} step ${grouped(best.step)}`
}

function tiedWords(tied: readonly RunWithBest[], noise: Noise, names: Names): string {
  const error = noise.standard_error
  const who =
    tied.length > MOST
      ? `${tied.length} other runs`
      : listedWords(tied.map((run) => stepOf(run, names)))
  const [are, have] = tied.length === 1 ? ['is', 'has'] : ['are', 'have']
  if (error === 0) return `${who} ${have} the same value.`
  return `${who} ${are} within the noise (±${errorFigure(error)}).`
}

function nextWords(best: RunWithBest, next: RunWithBest, names: Names): string {
  const difference = next.best.value - best.best.value
  if (difference === 0) return `${stepOf(next, names)} has the same value.`
  return `Next is ${stepOf(next, names)} (${signed(difference)}).`
}

/** The answer in a few sentences, or the number of groups if they cannot be compared. */
export function comparisonSentence(
  groups: readonly ComparisonGroup[],
  runs: readonly ComparedRun[],
  names: Names,
): string {
  const [first, ...others] = groups
  if (runs.length === 0) return 'There is no run to compare.'
  if (!first) {
    const [only] = runs
    if (runs.length === 1 && only) return `${names.get(only.job_id)}: ${only.reason}`
    return `None of the ${runs.length} runs has a checkpoint that can be chosen.`
  }
  if (others.length === 0) return first.sentence
  const ranked = groups.reduce((sum, { job_ids }) => sum + job_ids.length, 0)
  return `The ${ranked} runs cannot all be compared, so each of ${groups.length} groups has its own best.`
}

/** What identifies a group: its metric and its evaluation data. */
export function groupWords({ metric, direction, data }: ComparisonGroup): string {
  return [`${superlative(direction)} ${metric}`, ...data.map(factWords)].join(', ')
}

function factWords({ name, value }: DataFact): string {
  return `${name} ${value ?? 'unknown'}`
}
