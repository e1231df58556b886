/** What tells evaluations apart: the attempt and the step. */
export interface StepKey {
  attempt: number
  step: number
}

/** An attempt and a step as the key of a map. */
export function stepKey({ attempt, step }: { attempt: number; step: number | null }): string {
  return `${attempt}:${step ?? '-'}`
}

/** What tells checkpoints apart, as the key of a map: attempt, step and path. */
export function checkpointKey(checkpoint: {
  attempt: number
  step: number | null
  path: string | null
}): string {
  return `${stepKey(checkpoint)}:${checkpoint.path ?? ''}`
}

/** The order in which the first of equals wins: step, then attempt (then arrival). */
export function byStep(a: StepKey, b: StepKey): number {
  return a.step - b.step || a.attempt - b.attempt
}
