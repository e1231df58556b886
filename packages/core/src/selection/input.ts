import type { Measured } from '../measured.ts'
import type { StepKey } from '../run/keys.ts'
import type { RunContext } from '../run/context.ts'
import type { Checkpoint, Claim, Declaration, Evaluation } from '../run/rows.ts'
import type { Policy } from '../status/status.ts'
import type { PolicyOptions } from './policyOptions.ts'

/** The series that a run logged while training. */
export interface TrainingSeries {
  names: readonly string[]
  /** The value of a series at a step of an attempt, or the last one before; null if there is none. */
  before: (name: string, at: StepKey) => Measured
}

/** The stored rows of a run, in order of arrival, and the policy with its options. */
export interface SelectionInput {
  policy: Policy
  options?: PolicyOptions
  declaration: Declaration
  claim: Claim | null
  /** The distance between the run's saves, in steps; null or missing if it is not declared. */
  save_steps?: number | null
  evaluations: readonly Evaluation[]
  checkpoints: readonly Checkpoint[]
  /** Whether only shippable checkpoints are ranked (the default), or every evaluation. */
  among?: 'checkpoints' | 'evaluations'
  /** The training loss before a step, which policy `scored` may weigh. */
  trainLoss?: RunContext['trainLoss']
  /** The series that the run logged while training, which a named metric may be. */
  training?: TrainingSeries | undefined
}
