import { ownValue, setOwn } from '../named.ts'
import { byName, type Setting } from '../run/settings.ts'
import type { DifferingSetting } from './comparison.ts'

/** The settings of one run. */
interface Configured {
  job_id: string
  settings: readonly Setting[]
}

/**
 * The settings that differ between runs. Numbers come first: they are usually tuned. Texts that are
 * different in each run come last: they are mostly names and paths.
 */
export function differingSettings(runs: readonly Configured[]): DifferingSetting[] {
  const values = new Map<string, Record<string, unknown>>()
  for (const { job_id, settings } of runs) {
    for (const { name, value } of settings) {
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

/** The settings that differ among some of the runs. */
export function differingAmong(
  settings: readonly DifferingSetting[],
  runs: readonly { job_id: string }[],
): DifferingSetting[] {
  return settings.filter(
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
