import type { EventOf } from './event.ts'
import type { LossScale } from './lossScale.ts'
import type { Measured } from '../measured.ts'

/** What the explanation of a choice needs to know of the run beside its rows. All of it may be missing. */
export interface RunContext {
  /** The training loss nearest before a step of an attempt; null where none was logged. */
  trainLoss?: (weights: { attempt: number; step: number }) => Measured
  /** How far both losses of the run lie apart; see `isOneScale`. */
  loss_scale?: LossScale
  /** Names of what was logged while training. */
  logged?: readonly string[]
  config?: Readonly<Record<string, unknown>>
  loss_unit?: EventOf<'started'>['loss_unit']
  /** Steps between saves. */
  save_steps?: number | null
  current_epoch?: number | null
  /** Whether the run goes on, so that a warning can still help. */
  alive?: boolean
  project?: string | null
}
