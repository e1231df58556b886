import { checkpoints, evaluations } from '../selection/testing.ts'
import { compareRuns } from './compareRuns.ts'
import type { Comparison, RunToCompare } from './comparison.ts'
import type { SelectionInput } from '../selection/input.ts'

type Rows = Parameters<typeof evaluations>

/** A run whose evaluations were all saved. */
export function run(
  name: string,
  rows: Rows,
  {
    input,
    ...change
  }: Partial<Omit<RunToCompare, 'input'>> & {
    input?: Partial<SelectionInput>
  } = {},
): RunToCompare {
  const saved = rows.map(([step, , attempt = 0]) => ({ step, attempt }))
  return {
    ...{ job_id: `id-${name}`, name, alive: false, config: {} },
    ...change,
    input: {
      policy: 'as_declared',
      declaration: { metric: null, direction: null, declared_by: null },
      claim: null,
      evaluations: evaluations(...rows),
      checkpoints: checkpoints(...saved),
      ...input,
    },
  }
}

/** The groups by the names of their runs. */
export function groupNames({ groups, runs }: Comparison): string[][] {
  const nameOf = new Map(runs.map(({ job_id, name }) => [job_id, name]))
  return groups.map(({ job_ids }) => job_ids.map((job_id) => nameOf.get(job_id) ?? ''))
}

/** The codes of a comparison's notes. */
export const codesOf = ({ notes }: Comparison): string[] => notes.map(({ code }) => code)

/** Runs, each with samples behind its evaluations. */
export function sampled(name: string, samples: number | null, loss: number): RunToCompare {
  const [one] = evaluations([100, loss])
  return run(name, [[100, loss]], { input: { evaluations: one ? [{ ...one, samples }] : [] } })
}

export const compare = (...runs: RunToCompare[]): Comparison => compareRuns(runs)
