import type { SavedFile } from '../events/savedFiles.ts'
import type { Listing } from '../../files/listing.ts'
import type { Candidate } from './candidate.ts'
import type { Axis } from './axis.ts'
import { readFacts } from './weightsFacts.ts'
import { listWeights } from './finder.ts'
import type { LogHistory } from './logHistory.ts'
import { type JoinOptions, joinWeights } from './join.ts'

/** How many files are read at the same time. */
const TOGETHER = 16

/** All weights below a run's root, with the facts in their files. */
export async function findCandidates(listing: Listing): Promise<Candidate[]> {
  const found = await listWeights(listing)
  const candidates: Candidate[] = []
  for (let from = 0; from < found.length; from += TOGETHER) {
    const some = found.slice(from, from + TOGETHER)
    const facts = await Promise.all(some.map((one) => readFacts(listing.root, one)))
    some.forEach((one, index) => {
      const factsOfOne = facts[index]
      if (factsOfOne) candidates.push({ found: one, facts: factsOfOne })
    })
  }
  return candidates
}

/** Weights below a run's root, joined to its log. */
export async function findSavedWeights(
  listing: Listing,
  history: LogHistory,
  axis: Axis,
  declares: JoinOptions,
): Promise<SavedFile[]> {
  return sortSaved(joinWeights(await findCandidates(listing), history, axis, declares))
}

/**
 * Sorts by step. At one step, a file with the metrics that were logged there comes first, then one that
 * later saves do not replace.
 */
export function sortSaved(saved: readonly SavedFile[]): SavedFile[] {
  return saved.toSorted(
    (a, b) =>
      (a.step ?? Infinity) - (b.step ?? Infinity) ||
      Number(b.isConfirmed ?? false) - Number(a.isConfirmed ?? false) ||
      Number(a.role !== null) - Number(b.role !== null) ||
      (a.path < b.path ? -1 : 1),
  )
}
