import type { Facts } from './facts.ts'
import type { FoundWeights } from './finder.ts'

/** Weights, and what they tell of themselves. */
export interface Candidate {
  found: FoundWeights
  facts: Facts
}
