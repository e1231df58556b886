import type { FilesState } from './event.ts'

/**
 * Whether a checkpoint may be chosen by its files: they are complete, or nobody read them. What was not
 * read is not denied.
 */
export function mayBeWhole(state: FilesState): state is 'complete' | 'unchecked' {
  return state === 'complete' || state === 'unchecked'
}
