import type { Model } from './model.ts'

/** Everything that decides what a run of this recipe does. Texts are counted in characters. */
export interface Preset extends Omit<Model, 'vocabulary'> {
  train_characters: number
  eval_characters: number
  test_characters: number
  batch_size: number
  max_steps: number
  /** Steps between two evaluations; each is followed by a save. */
  save_steps: number
  learning_rate: number
  warmup_steps: number
  max_grad_norm: number
  adam_beta1: number
  adam_beta2: number
  seed: number
  sample_characters: number
  sample_temperature: number
}

/** Overfits in about a minute, so that the best checkpoint is not the last. */
const DEFAULT: Preset = {
  context: 64,
  width: 64,
  heads: 2,
  layers: 2,
  train_characters: 16_000,
  eval_characters: 8_300,
  test_characters: 8_300,
  batch_size: 16,
  max_steps: 1_100,
  save_steps: 50,
  learning_rate: 3e-3,
  warmup_steps: 50,
  max_grad_norm: 1,
  adam_beta1: 0.9,
  adam_beta2: 0.99,
  seed: 1,
  sample_characters: 120,
  sample_temperature: 0.8,
}

/** Overfits in two seconds, for tests: a smaller model and a page of text. */
const QUICK: Preset = {
  ...DEFAULT,
  context: 16,
  width: 32,
  layers: 1,
  train_characters: 1_000,
  eval_characters: 1_100,
  test_characters: 1_100,
  max_steps: 160,
  save_steps: 20,
  learning_rate: 1e-2,
  warmup_steps: 10,
  // To write a text takes as long as many steps.
  sample_characters: 60,
}

/** The quick model for a minute, for tests of runs that are stopped, killed or resumed. */
const LONG: Preset = { ...QUICK, max_steps: 5_000, save_steps: 50 }

export const PRESETS: Readonly<Record<string, Preset>> = {
  default: DEFAULT,
  quick: QUICK,
  long: LONG,
}

/** The preset of this name. Throws with all names if there is none. */
export function findPreset(name: string): Preset {
  const preset = PRESETS[name]
  if (preset) return preset
  const names = Object.keys(PRESETS).join(', ')
  throw new Error(`Unknown preset "${name}" of the char-lm recipe. Available: ${names}.`)
}
