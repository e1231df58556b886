import type { ComparedRun, Comparison, RunToCompare } from './comparison.ts'
import { differingOptions } from './differingOptions.ts'
import { groupsOf, type RankedGroup } from './groups.ts'
import { comparisonNotes } from './comparisonNotes.ts'
import { hasBest, isTied, selectedRun, type SelectedRun } from './selectedRun.ts'
import { comparisonSentence, shownNames } from './sentence.ts'
import { byText } from '../textOrder.ts'

/**
 * Which checkpoint of which run to ship, and why. The policy of each run chooses its best, as
 * `select` does. Runs with another metric, direction or evaluation data are not ranked against each
 * other. The order of the runs makes no difference. O(n log n) in evaluations and checkpoints.
 */
export function compareRuns(runs: readonly RunToCompare[]): Comparison {
  const selected = runs.toSorted((a, b) => byText(a.job_id, b.job_id)).map(selectedRun)
  const names = shownNames(selected)
  const ranked = groupsOf(selected.filter(hasBest), names)
  const groups = ranked.map(({ group }) => group)
  const [first, ...others] = ranked
  const isOne = first && others.length === 0
  const without = selected.filter((run) => !hasBest(run))
  return {
    sentence: comparisonSentence(groups, selected, names),
    best: isOne ? { job_id: first.best.job_id, checkpoint: first.best.best } : null,
    groups,
    runs: [...ranked.flatMap(placed), ...without.map(compared)],
    notes: comparisonNotes({ ranked, runs: selected, names }),
    metrics: allMetrics(
      selected,
      groups.map(({ metric }) => metric),
    ),
    config: differingOptions(selected),
  }
}

function placed({ best, others }: RankedGroup): ComparedRun[] {
  return [best, ...others].map((run, at) => {
    const is_best = at === 0
    const difference = run.best.value - best.best.value
    return {
      ...compared(run),
      ...{ rank: at + 1, difference, is_best, is_tied: !is_best && isTied(best, run) },
    }
  })
}

function compared({ near_ties: _ties, options: _options, ...run }: SelectedRun): ComparedRun {
  return run
}

function allMetrics(runs: readonly ComparedRun[], deciding: readonly string[]): string[] {
  return [...new Set([...deciding, ...runs.flatMap(({ figures }) => Object.keys(figures).sort())])]
}
