import type { EventOf } from '@bestmark/core'
import { startedEvent } from './newEvents.ts'
import { isCount } from '../../files/json.ts'

/** How far a run is, attempt by attempt; plain data, since it is kept with the place in its files. */
export interface Progress {
  attempt: number
  /** The last step that training logged in this attempt; null before the first. */
  step: number | null
  total: number | null
  /** From which step each attempt went on, and which it reached. */
  spans: [from: number, to: number][]
}

/** A run before its first line. */
export function noProgress(): Progress {
  return { attempt: 0, step: null, total: null, spans: [[0, 0]] }
}

/**
 * Training logged this step. Where it went back, that is a further attempt, which is returned as it
 * begins: it went on from the last step before that was logged, as far as can be told.
 */
export function advance(
  progress: Progress,
  step: number,
  every = 1,
): EventOf<'started'> | undefined {
  // No training was there; what comes after it would seem to go back.
  if (!isCount(step)) return undefined
  const before = progress.step
  progress.step = step
  const span = progress.spans[progress.attempt]
  if (before === null || step > before) {
    if (span) span[1] = Math.max(span[1], step)
    return undefined
  }
  const from = Math.max(0, step - every)
  progress.attempt++
  progress.spans.push([from, step])
  return startedEvent({ attempt: progress.attempt, resumed_from: from === 0 ? null : from })
}

/** The latest attempt that went over a step; where none did, the last one. */
export function findAttempt({ attempt, spans }: Progress, step: number | null): number {
  if (step === null) return attempt
  const found = spans.findLastIndex(([from, to]) => from < step && step <= to)
  return found === -1 ? attempt : found
}
