import type { EventOf } from './event.ts'
import type { LossScale } from './lossScale.ts'
import type { Measured } from '../measured.ts'

/** What an explanation uses beside the rows of a run. All fields may be missing. */
export interface RunContext {
  /** The training loss at or before a step of an attempt; null if none was logged. */
  trainLoss?: (weights: { attempt: number; step: number }) => Measured
  /** The value of a training series, as `trainLoss` for the loss. */
  before?: (name: string, at: { attempt: number; step: number }) => Measured
  /** How far apart both losses of the run are; see `isOneScale`. */
  loss_scale?: LossScale
  /** Names of the training metrics. */
  logged?: readonly string[]
  config?: Readonly<Record<string, unknown>>
  loss_unit?: EventOf<'started'>['loss_unit']
  /** Steps between saves. */
  save_steps?: number | null
  current_epoch?: number | null
  /** Whether the run is active, so that a warning can still help. */
  alive?: boolean
  project?: string | null
}
