import type { EventOf } from '@bestmark/core'
import { startedEvent } from './newEvents.ts'
import { isCount } from '../../files/json.ts'

/** The progress of a run, by attempt. Plain data, because it is stored in the cursor. */
export interface Progress {
  attempt: number
  /** The last training step of this attempt; null before the first. */
  step: number | null
  total: number | null
  /** The first and last step of each attempt. */
  spans: [from: number, to: number][]
}

/** The progress before the first line. */
export function noProgress(): Progress {
  return { attempt: 0, step: null, total: null, spans: [[0, 0]] }
}

/**
 * Records a training step. If the step goes back, a new attempt begins and its start is returned. The
 * attempt is assumed to resume one log interval (`every`) before this step.
 */
export function advance(
  progress: Progress,
  step: number,
  every = 1,
): EventOf<'started'> | undefined {
  // After an invalid step, later steps would look like a step back.
  if (!isCount(step)) return undefined
  const before = progress.step
  progress.step = step
  const span = progress.spans[progress.attempt]
  if (before === null || step > before) {
    if (span) span[1] = Math.max(span[1], step)
    return undefined
  }
  return beginAttempt(progress, before, step, every)
}

/** Begins a new attempt at a training step, and returns its start. */
export function beginAttempt(
  progress: Progress,
  before: number,
  step: number,
  every = 1,
): EventOf<'started'> {
  const from = Math.max(0, Math.min(before, step - every))
  progress.step = step
  progress.attempt++
  progress.spans.push([from, step])
  return startedEvent({ attempt: progress.attempt, resumed_from: from === 0 ? null : from })
}

/** The latest attempt that covers a step; if none does, the last attempt. */
export function findAttempt({ attempt, spans }: Progress, step: number | null): number {
  if (step === null) return attempt
  const found = spans.findLastIndex(([from, to]) => from < step && step <= to)
  return found === -1 ? attempt : found
}
