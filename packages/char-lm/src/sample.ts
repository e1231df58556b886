import { continuation } from './continuation.ts'
import type { Learner } from './learner.ts'
import type { Run } from './run.ts'
import type { Preset } from './preset.ts'
import type { Alphabet } from './text.ts'

/** The prompt that every model of this recipe continues. */
const PROMPT = 'In the morning the old '

interface Sampled {
  learner: Learner
  alphabet: Alphabet
  preset: Preset
  step: number
}

/** Reports what the learner's weights write, at the training's step. */
export function recordSample(run: Run, { learner, alphabet, preset, step }: Sampled): void {
  const text = writeSample(learner, alphabet, preset)
  run.record({ type: 'sample', step, kind: 'text', prompt: PROMPT, text })
}

/** The prompt and what the learner's current weights write after it, `sample_characters` in total. */
function writeSample(learner: Learner, alphabet: Alphabet, preset: Preset): string {
  const { context, sample_characters, sample_temperature: temperature, seed } = preset
  const characters = sample_characters - PROMPT.length
  return (
    PROMPT + continuation(learner, alphabet, PROMPT, { context, characters, temperature, seed })
  )
}
