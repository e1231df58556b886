/** At most this many letters may differ, and at most a third of the word. */
const FARTHEST = 3

/** The name that the user probably meant; undefined if no name is similar. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const allowed = Math.min(FARTHEST, Math.ceil(word.length / 3))
  const [best] = names
    .map((name) => ({ name, distance: distanceOf(word, name) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)
  return best?.name ?? names.find((name) => word.length >= 3 && name.startsWith(word))
}

/** The number of inserted, removed, changed or swapped letters (Damerau 1964). */
function distanceOf(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const changed = (row[j - 1] ?? 0) + (isSame ? 0 : 1)
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (before[j - 2] ?? Infinity) + 1 : Infinity
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, changed, swapped))
    }
    ;[before, row] = [row, next]
  }
  return row[b.length] ?? 0
}
