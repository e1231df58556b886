import { continuation } from './continuation.ts'
import { Learner } from './learner.ts'
import { findPreset } from './preset.ts'
import { loadModel } from './saved.ts'
import { Alphabet } from './text.ts'

/**
 * What the model in a folder writes after a prompt, as the samples of its training are written. Throws
 * if the folder has no model of the recipe, or if the prompt is empty.
 */
export function writeAfter(folder: string, prompt: string, characters: number): string {
  const { config, model } = loadModel(folder)
  const { context } = config
  const preset = { ...findPreset(config.preset), context }
  const learner = new Learner(config, preset, { model, optimizer: {} })
  const { seed, sample_temperature: temperature } = preset
  if (prompt === '') throw new Error('A prompt has at least one character.')
  const alphabet = new Alphabet(config.alphabet)
  return continuation(learner, alphabet, prompt, { context, characters, temperature, seed })
}
