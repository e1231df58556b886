import { bestAndLast } from '@bestmark/core'
import type { CheckpointRow, Sample } from '../api.ts'
import { count } from '../figures.ts'

/** All samples of one step of one attempt. */
export interface SampledStep {
  /** Names the step in an address. */
  key: string
  attempt: number
  step: number | null
  epoch: number | null
  /** By prompt. */
  samples: Sample[]
}

/** The samples by step, in the order in which they were listed. */
export function sampledSteps(samples: readonly Sample[]): SampledStep[] {
  const steps = new Map<string, SampledStep>()
  for (const sample of samples) {
    const { attempt, step, epoch } = sample
    const key = `${attempt}.${step ?? `e${epoch}`}`
    const stored = steps.get(key)
    if (stored) stored.samples.push(sample)
    else steps.set(key, { key, attempt, step, epoch, samples: [sample] })
  }
  return [...steps.values()]
}

/** The two steps to look at first, and what they are. */
export interface FirstPair {
  left: SampledStep | undefined
  right: SampledStep | undefined
  best: SampledStep | undefined
  /** Steps from the best checkpoint to its samples. */
  distance: number
  last: SampledStep | undefined
}

/** The best and the last step; if they are one step, the one before it is its neighbour. */
export function firstPair(
  steps: readonly SampledStep[],
  checkpoints: readonly Pick<CheckpointRow, 'attempt' | 'step' | 'is_best'>[],
): FirstPair {
  const chosen = checkpoints.find(({ is_best }) => is_best) ?? null
  const { best, distance, last } = bestAndLast(steps, chosen)
  const left = best ?? steps[0]
  const before = last ? steps[steps.indexOf(last) - 1] : undefined
  const right = left === last ? (before ?? last) : last
  return { left, right, best, distance, last }
}

/** The name of a step; attempts are named only where there are several. */
export function stepName(
  { attempt, step, epoch }: Pick<SampledStep, 'attempt' | 'step' | 'epoch'>,
  hasAttempts = false,
): string {
  const at = step === null ? `epoch ${epoch ?? 'unknown'}` : `step ${count(step)}`
  return hasAttempts ? `${at}, attempt ${count(attempt + 1)}` : at
}

/** The origin of the step, if it is not certain. */
export function stepNote({ samples }: Pick<SampledStep, 'samples'>): string {
  const [first] = samples
  if (first?.step === null) return 'No checkpoint of this epoch shows its step.'
  if (first?.step_from !== 'epoch') return ''
  return `Step inferred from epoch ${first.epoch}.`
}

/** How far the samples are from the best checkpoint, in words; empty if they are its own. */
export function distanceWords(distance: number): string {
  if (distance === 0) return ''
  const steps = Math.abs(distance) === 1 ? 'step' : 'steps'
  return `${count(Math.abs(distance))} ${steps} ${distance < 0 ? 'before' : 'after'} the best checkpoint`
}

/** One row of the comparison: the same prompt and kind at two steps. */
export interface PromptRow {
  key: string
  name: string
  left: Sample | undefined
  right: Sample | undefined
}

/** The prompts of two steps, aligned. */
export function promptRows(left: readonly Sample[], right: readonly Sample[]): PromptRow[] {
  const keys = new Map<string, Sample>()
  for (const sample of [...left, ...right])
    if (!keys.has(keyOf(sample))) keys.set(keyOf(sample), sample)
  const ordered = [...keys].sort(
    ([, a], [, b]) => a.prompt_index - b.prompt_index || (a.kind < b.kind ? -1 : 1),
  )
  return ordered.map(([key, sample]) => ({
    key,
    name: sample.prompt ?? `Prompt ${count(sample.prompt_index + 1)}`,
    left: left.find((one) => keyOf(one) === key),
    right: right.find((one) => keyOf(one) === key),
  }))
}

function keyOf({ prompt_index, kind }: Sample): string {
  return `${prompt_index} ${kind}`
}
