import { isTest, withoutSplit } from './direction.ts'

/** Words in a name that mean "over all classes". */
const OVERALL = new Set('overall macro micro weighted avg average mean all total'.split(' '))
/** Parts are classes only if there are at least this many. */
const MANY = 2

/**
 * The names that are one class's part of another metric, as `eval_LOC_f1` and `eval_PER_f1` are
 * parts of `eval_f1` or `eval_overall_f1`. O(names × words).
 */
export function classParts(names: readonly string[]): ReadonlySet<string> {
  const wholes = new Set(names.map((name) => wordsOf(name).join(' ')))
  const parts = Map.groupBy(names, (name) =>
    shortened(wordsOf(name)).find((key) => wholes.has(key)),
  )
  parts.delete(undefined)
  return new Set([...parts.values()].filter((found) => found.length >= MANY).flat())
}

/** Orders names by a rank. Metrics of single classes come last. */
export function overallFirst(names: readonly string[], rank: (name: string) => number): string[] {
  const parts = classParts(names)
  const isPart = (name: string): number => Number(parts.has(name))
  return names.toSorted((a, b) => isPart(a) - isPart(b) || rank(a) - rank(b))
}

/**
 * The metric over all classes for a name, as `eval_overall_f1` for `f1`; undefined if there is
 * none.
 */
export function overallNamed(names: readonly string[], wanted: string): string | undefined {
  const key = withoutSplit(wanted)
  const found = names.filter((name) => {
    const isOverall = wordsOf(name).length < allWordsOf(name).length
    return isOverall && wordsOf(name).join(' ') === allWordsOf(key).join(' ')
  })
  return found.find((name) => !isTest(name)) ?? found[0]
}

function wordsOf(metric: string): string[] {
  return allWordsOf(metric).filter((word) => !OVERALL.has(word))
}

function allWordsOf(metric: string): string[] {
  return withoutSplit(metric)
    .split(/[^a-z0-9@]/)
    .filter(Boolean)
}

/** The rest of a name without its first words, or without its last words; the longest first. */
function shortened(words: readonly string[]): string[] {
  return words
    .slice(1)
    .flatMap((_, index) => [
      words.slice(index + 1).join(' '),
      words.slice(0, words.length - index - 1).join(' '),
    ])
}
