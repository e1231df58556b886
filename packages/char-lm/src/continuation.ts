import type { Learner } from './learner.ts'
import { randomStream } from './random.ts'
import type { Alphabet } from './text.ts'

/** How a model writes. */
export interface Writing {
  /** How many characters it sees. */
  context: number
  /** How many it writes. */
  characters: number
  temperature: number
  seed: number
}

/**
 * What the learner's current weights write after a prompt. The same seed draws the same numbers, so two
 * texts differ only because their weights differ.
 */
export function continuation(
  learner: Pick<Learner, 'logits'>,
  alphabet: Alphabet,
  prompt: string,
  { context, characters, temperature, seed }: Writing,
): string {
  const random = randomStream(seed, 'sample')
  const written = [...alphabet.encode(prompt)]
  const begun = written.length
  while (written.length < begun + characters) {
    const recent = written.slice(-context)
    const tokens = new Int32Array(context)
    // The last character cannot see what follows it, so zeros are enough.
    tokens.set(recent)
    const logits = learner.logits(tokens)
    const vocabulary = logits.length / context
    const row = logits.subarray((recent.length - 1) * vocabulary, recent.length * vocabulary)
    written.push(draw(row.subarray(0, alphabet.size), temperature, random()))
  }
  return alphabet.decode(written.slice(begun))
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
