import type { Direction } from '../run/event.ts'
import type { Measured } from '../measured.ts'
import type { SelectionInput } from '../selection/input.ts'
import type { MissedBest, Noise, Ranked } from '../selection/selection.ts'

/** A run to compare with others. */
export interface RunToCompare {
  job_id: string
  name: string
  /** Whether it is active, so that its best may change. */
  alive: boolean
  config: Readonly<Record<string, unknown>>
  input: SelectionInput
}

/** The figures of one metric of a run. Steps are null if no value is finite. */
export interface MetricFigures {
  /** The value of the chosen checkpoint. */
  at_best: Measured
  last: Measured
  min: number | null
  min_step: number | null
  max: number | null
  max_step: number | null
}

/** A fact about the data of an evaluation: `samples`, or an option of the run's configuration. */
export interface DataFact {
  name: string
  /** Null if it was not logged. */
  value: string | number | null
}

/** One run of a comparison. */
export interface ComparedRun {
  job_id: string
  name: string
  alive: boolean
  metric: string | null
  direction: Direction | null
  /** The best checkpoint by the run's policy; null if it has none. */
  best: Ranked | null
  /** Its best evaluation, if nothing was saved there. */
  missed_best: MissedBest | null
  /** Why this checkpoint is best, or why there is none; the same sentence as on the run's page. */
  reason: string
  data: DataFact[]
  /** By metric. */
  figures: Record<string, MetricFigures>
  /** From 1, within its group; null if it has no best. */
  rank: number | null
  /** Its best value minus the group's best. */
  difference: number | null
  /** The best of its group. */
  is_best: boolean
  /** The difference from the best of its group is within the noise. */
  is_tied: boolean
}

/** Runs that can be compared: same metric and direction, and no sign of different evaluation data. */
export interface ComparisonGroup {
  metric: string
  direction: Direction
  /** The evaluation data that differ from those of other groups. */
  data: DataFact[]
  /** Best first. */
  job_ids: string[]
  best_job_id: string
  /** How uncertain the best value is; null if unknown. */
  noise: Noise | null
  sentence: string
}

/** An option that is not the same in all runs. A run without it has no entry. */
export interface DifferingOption {
  name: string
  /** By job. */
  values: Record<string, unknown>
}

/** Something to know with a comparison. */
export interface ComparisonNote {
  code:
    | 'different_metrics'
    | 'different_data'
    | 'data_unknown'
    | 'missed_best'
    | 'no_best'
    | 'still_running'
    | 'noise_unknown'
  text: string
  job_ids: string[]
}

/** Which checkpoint of which run to ship, and why. */
export interface Comparison {
  sentence: string
  /** The run and its checkpoint to ship; null if no run has one, or if there are several groups. */
  best: { job_id: string; checkpoint: Ranked } | null
  /** The largest first. */
  groups: ComparisonGroup[]
  /** Group by group, best first; then those without a best checkpoint. */
  runs: ComparedRun[]
  notes: ComparisonNote[]
  /** Names of all measured metrics, the deciding ones first. */
  metrics: string[]
  /** The options of the runs' configurations that differ. */
  config: DifferingOption[]
}
