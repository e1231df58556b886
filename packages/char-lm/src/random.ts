/**
 * A stream of numbers in [0, 1) that depends only on the seed and the name (mulberry32, seeded by
 * FNV-1a). The name holds the purpose and the step, so a resumed run draws the same numbers without
 * a stored state.
 */
export function randomStream(seed: number, name: string): () => number {
  let state = 0x811c9dc5
  for (const character of `${seed}/${name}`) {
    state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193)
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A stream of numbers from the standard normal distribution (Box and Muller). */
export function normalStream(uniform: () => number): () => number {
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    return radius * Math.cos(2 * Math.PI * uniform())
  }
}
