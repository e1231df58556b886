import { DESTINATION_WORDS } from '@bestmark/core'
import type { AlertMessage } from '../api.ts'
import { duration } from '../times.ts'

/** What became of a message, in words and a mark with its own shape. */
export function stateWords(
  { delivered_at, next_try_at, tries, problem, destination }: AlertMessage,
  now: number,
): { mark: string; text: string } {
  const receiver = DESTINATION_WORDS[destination.type]
  if (delivered_at !== null) return { mark: '✓', text: `sent to ${receiver}` }
  if (next_try_at === null) return { mark: '✕', text: `given up after ${tries} tries` }
  if (!problem) return { mark: '●', text: `sending to ${receiver}` }
  const wait = Math.max(1, Math.round((next_try_at - now) / 1_000))
  return { mark: '◌', text: `${receiver} again in ${duration(wait)}` }
}
