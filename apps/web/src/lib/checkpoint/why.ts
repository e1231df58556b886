import type { CheckpointRow } from '../api.ts'

type Row = Pick<CheckpointRow, 'rank' | 'difference' | 'is_best' | 'is_tied' | 'why_not'>

/** The text beside the rank and the difference of a checkpoint. */
export function whyText({ rank, difference, is_best, is_tied, why_not }: Row): string {
  if (is_best) return ''
  if (rank === null || difference === 0) return why_not ?? ''
  return is_tied ? 'within the noise of the best' : ''
}
