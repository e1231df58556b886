import type { Comparison } from '@bestmark/core'
import type { CheckpointList } from '../api.ts'
import { count } from '../figures.ts'
import { jobName } from '../status/jobName.ts'

/** What a report of a job says first. */
export function jobHeadline({ selection }: Pick<CheckpointList, 'selection'>): string {
  return selection.best ? `Ship ${stepName(selection.best)}` : 'No checkpoint to ship'
}

/** What a report of a comparison says first. */
export function comparisonHeadline({ best, runs }: Pick<Comparison, 'best' | 'runs'>): string {
  if (!best) return 'No single best checkpoint'
  const run = runs.find(({ job_id }) => job_id === best.job_id)
  return `Ship ${stepName(best.checkpoint)} of ${jobName(run?.name ?? '')}`
}

/** How a ranked checkpoint is called: each has a step. */
export function stepName({ step }: { step: number }): string {
  return `step ${count(step)}`
}
