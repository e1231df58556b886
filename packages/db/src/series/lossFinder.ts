import type { Measured, RunContext } from '@bestmark/core'

type TrainLoss = NonNullable<RunContext['trainLoss']>
export type Weights = Parameters<TrainLoss>[0]

/** Training losses by `weightsKey` of one job; plain data. */
export type Losses = ReadonlyMap<string, Measured>

/** Finds a loss, null for weights that have none here. */
export function lossFinder(losses: Losses | undefined): TrainLoss {
  return (weights) => losses?.get(weightsKey(weights)) ?? null
}

export function weightsKey({ attempt, step }: Weights): string {
  return `${attempt}:${step}`
}
