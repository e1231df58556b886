import { isTest } from '@bestmark/core'
import type { CheckpointRow, SeriesName } from '../api.ts'
import { count } from '../figures.ts'

/** The metrics measured after training, or on a test split that the choice did not use. */
export function scoreNames(names: readonly SeriesName[], deciding: string | null): string[] {
  return names
    .filter(({ name, scored }) => (scored || isTest(name)) && name !== deciding)
    .map(({ name }) => name)
}

/** The name of a checkpoint: its step, else its file. */
export function checkpointName({ step, path }: Pick<CheckpointRow, 'step' | 'path'>): string {
  return step === null ? path : `step ${count(step)}`
}
