import { type Measured, type RunContext, stepKey } from '@bestmark/core'

type TrainLoss = NonNullable<RunContext['trainLoss']>

/** Training losses of one job by `stepKey`; plain data. */
export type Losses = ReadonlyMap<string, Measured>

/** Finds the loss of a step, null where there is none. */
export function lossFinder(losses: Losses | undefined): TrainLoss {
  return (at) => losses?.get(stepKey(at)) ?? null
}
