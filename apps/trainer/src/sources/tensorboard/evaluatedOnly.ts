import { ownValue, setOwn, type Found, readerNote } from '@bestmark/core'
import { type Values } from '../events/newEvents.ts'
import { valuesText } from '../events/valuesText.ts'

/** What was read that belongs to no step. Plain data, because it is stored in the cursor. */
export interface EvaluatedState {
  /** Whether any value belongs to a step. */
  has_values: boolean
  /** Values of an evaluation after training, by file. */
  evaluated: Record<string, Values>
}

/** Keras' tag for an evaluation after training. */
const AFTER_TRAINING = /^evaluation_(.+)_vs_iterations$/

/** Stores a value of an evaluation after training, which has no training step. */
export function noteEvaluated(
  state: EvaluatedState,
  file: string,
  tag: string,
  value: number,
): void {
  const name = AFTER_TRAINING.exec(tag)?.[1]
  if (name === undefined) return
  const values = ownValue(state.evaluated, file) ?? {}
  setOwn(values, name, value)
  setOwn(state.evaluated, file, values)
}

/** Says what was read, if the files only have an evaluation after training. */
export function onlyEvaluated(state: EvaluatedState & { attempt: number }): Found[] {
  if (state.has_values) return []
  const texts = Object.entries(state.evaluated).map(
    ([file, values]) =>
      `${file} has only an evaluation without a training step: ${valuesText(values)}. It is ignored`,
  )
  state.evaluated = {}
  return texts.map((text) => readerNote(state.attempt, { code: 'evaluation_ignored', text }))
}
