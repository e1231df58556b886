/** The steps of one attempt. Steps mostly ascend, and a list takes a step faster than a set. */
export interface SeenSteps {
  ascending: number[]
  /** Steps that came after a later one. */
  others: Set<number>
}

export function seenSteps(step: number): SeenSteps {
  return { ascending: [step], others: new Set() }
}

/** Stores a step; false if it was there before. O(1) for a step after all others, else O(log n). */
export function addStep({ ascending, others }: SeenSteps, step: number): boolean {
  const last = ascending[ascending.length - 1]
  if (last === undefined || step > last) {
    ascending.push(step)
    return true
  }
  if (others.has(step) || isIn(ascending, step)) return false
  others.add(step)
  return true
}

function isIn(ascending: readonly number[], step: number): boolean {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? NaN) < step) low = middle + 1
    else high = middle
  }
  return ascending[low] === step
}
