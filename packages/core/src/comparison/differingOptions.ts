import { ownValue, setOwn } from '../named.ts'
import { byName, type ConfigOption } from '../run/configOptions.ts'
import type { DifferingOption } from './comparison.ts'

/** The options of one run. */
interface Configured {
  job_id: string
  options: readonly ConfigOption[]
}

/**
 * The options that differ between runs. Numbers come first: they are usually tuned. Texts that are
 * different in each run come last: they are mostly names and paths.
 */
export function differingOptions(runs: readonly Configured[]): DifferingOption[] {
  const values = new Map<string, Record<string, unknown>>()
  for (const { job_id, options } of runs) {
    for (const { name, value } of options) {
      const byJob = values.get(name) ?? {}
      values.set(name, byJob)
      setOwn(byJob, job_id, value)
    }
  }
  return [...values]
    .map(([name, own]) => ({ name, values: own, sort: sortOf(Object.values(own)) }))
    .filter(({ values: own }) => isDiffering(Object.values(own), runs.length))
    .sort((a, b) => a.sort - b.sort || byName(a.name, b.name))
    .map(({ name, values: own }) => ({ name, values: own }))
}

/** The options that differ among some of the runs. */
export function differingAmong(
  options: readonly DifferingOption[],
  runs: readonly { job_id: string }[],
): DifferingOption[] {
  return options.filter(
    ({ values }) => distinct(runs.map(({ job_id }) => ownValue(values, job_id))) > 1,
  )
}

function isDiffering(values: readonly unknown[], runs: number): boolean {
  return values.length < runs || distinct(values) > 1
}

function distinct(values: readonly unknown[]): number {
  return new Set(values.map((value) => JSON.stringify(value))).size
}

function sortOf(values: readonly unknown[]): number {
  if (values.every((value) => typeof value === 'number')) return 0
  return distinct(values) < values.length ? 1 : 2
}
