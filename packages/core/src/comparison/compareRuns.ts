import type { ComparedRun, Comparison, RunToCompare } from './comparison.ts'
import { differingSettings } from './differingSettings.ts'
import { groupsOf } from './groups.ts'
import { comparisonNotes } from './comparisonNotes.ts'
import { hasBest, selectedRun, type SelectedRun } from './selectedRun.ts'
import { comparisonSentence, shownNames } from './sentence.ts'

/**
 * Which checkpoint of which run to ship, and why. The policy of each run chooses its best, as
 * `select` does. Runs with another metric, direction or evaluation data are not ranked against each
 * other. The order of the runs makes no difference. O(n log n) in evaluations and checkpoints.
 */
export function compareRuns(runs: readonly RunToCompare[]): Comparison {
  const selected = [...runs].sort((a, b) => (a.job_id < b.job_id ? -1 : 1)).map(selectedRun)
  const ranked = selected.filter(hasBest)
  const names = shownNames(selected)
  const groups = groupsOf(ranked, names)
  const byId = new Map(selected.map((run) => [run.job_id, run]))
  const inOrder = groups.flatMap(({ job_ids, best_job_id, noise }) => {
    const members = job_ids.flatMap((job_id) => byId.get(job_id) ?? [])
    const top = byId.get(best_job_id)?.best?.value ?? NaN
    return members.map((run, at) => placed(run, { at, top, error: noise?.standard_error ?? NaN }))
  })
  const without = selected.filter(({ best }) => best === null)
  const [only, ...others] = groups
  const winner = others.length === 0 ? byId.get(only?.best_job_id ?? '') : undefined
  const best = winner?.best ? { job_id: winner.job_id, checkpoint: winner.best } : null
  return {
    sentence: comparisonSentence(groups, selected, names),
    best,
    groups,
    runs: [...inOrder, ...without.map(compared)],
    notes: comparisonNotes({ groups, runs: selected, names }),
    metrics: allMetrics(
      selected,
      groups.map(({ metric }) => metric),
    ),
    settings: differingSettings(selected),
  }
}

function placed(
  run: SelectedRun,
  { at, top, error }: { at: number; top: number; error: number },
): ComparedRun {
  const difference = (run.best?.value ?? NaN) - top
  const is_best = at === 0
  const is_tied = !is_best && Math.abs(difference) <= error
  return { ...compared(run), rank: at + 1, difference, is_best, is_tied }
}

function compared({ near_ties: _ties, settings: _settings, ...run }: SelectedRun): ComparedRun {
  return run
}

function allMetrics(runs: readonly ComparedRun[], deciding: readonly string[]): string[] {
  return [...new Set([...deciding, ...runs.flatMap(({ figures }) => Object.keys(figures).sort())])]
}
