import { randomStream } from './random.ts'
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

/**
 * The prompt and what the learner's current weights write after it, `sample_characters` in total.
 * The same seed draws the same numbers, so two texts differ only because their weights differ.
 */
function writeSample(learner: Learner, alphabet: Alphabet, preset: Preset): string {
  const { context, sample_characters, sample_temperature, seed } = preset
  const random = randomStream(seed, 'sample')
  const written = [...alphabet.encode(PROMPT)]
  while (written.length < sample_characters) {
    const recent = written.slice(-context)
    const tokens = new Int32Array(context)
    // The last character cannot see what follows it, so zeros are enough.
    tokens.set(recent)
    const logits = learner.logits(tokens)
    const vocabulary = logits.length / context
    const row = logits.subarray((recent.length - 1) * vocabulary, recent.length * vocabulary)
    written.push(draw(row.subarray(0, alphabet.size), sample_temperature, random()))
  }
  return alphabet.decode(written)
}

/** Draws one character number (≥ 1) from a number in [0, 1). Number 0 is not a character. */
function draw(logits: Float32Array, temperature: number, random: number): number {
  const characters = logits.subarray(1)
  const highest = characters.reduce((a, b) => Math.max(a, b), -Infinity)
  const weights = Array.from(characters, (logit) => Math.exp((logit - highest) / temperature))
  let rest = random * weights.reduce((sum, weight) => sum + weight, 0)
  const at = weights.findIndex((weight) => (rest -= weight) < 0)
  return at === -1 ? characters.length : at + 1
}
