import type { Facts } from './facts.ts'
import type { FoundWeights } from './finder.ts'

/** Weights, and the facts in their files. */
export interface Candidate {
  found: FoundWeights
  facts: Facts
}
