/** Identifies an evaluation: attempt and step. */
export interface StepKey {
  attempt: number
  step: number
}

/** An attempt and a step as the key of a map. */
export function stepKey({ attempt, step }: { attempt: number; step: number | null }): string {
  return `${attempt}:${step ?? '-'}`
}

/** The key of a checkpoint in a map: attempt, step and path. */
export function checkpointKey(checkpoint: {
  attempt: number
  step: number | null
  path: string | null
}): string {
  return `${stepKey(checkpoint)}:${checkpoint.path ?? ''}`
}

/** Whether both are one step of one attempt. */
export function isSameStep(one: StepKey, other: StepKey | null): boolean {
  return one.step === other?.step && one.attempt === other.attempt
}

/** The order in which the first of equal values wins: step, then attempt (then arrival). */
export function byStep(a: StepKey, b: StepKey): number {
  return a.step - b.step || a.attempt - b.attempt
}
