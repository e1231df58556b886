import type { CheckpointRow } from '../api.ts'

type Row = Pick<CheckpointRow, 'place' | 'difference' | 'is_best' | 'is_tied' | 'why_not'>

/** What is said of a checkpoint beside its place and its distance, which are figures of their own. */
export function whyText({ place, difference, is_best, is_tied, why_not }: Row): string {
  if (is_best) return ''
  if (place === null || difference === 0) return why_not ?? ''
  return is_tied ? 'within the noise of the best' : ''
}
