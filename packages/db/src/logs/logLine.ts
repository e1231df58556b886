import type { EventOf, ReaderCode } from '@bestmark/core'

/** One stored line of what a run logged or printed. */
export interface LogLine {
  /** Counts the lines of the job from 0, also those that are no longer stored. */
  ordinal: number
  attempt: number
  step: number | null
  at: number | null
  level: EventOf<'log'>['level']
  text: string
  /** What a note of the reader says; null for lines of the program. */
  code: ReaderCode | null
}

/** Which lines of a job; all of them where nothing is given. */
export interface LogQuery {
  level?: LogLine['level'] | undefined
  /** A part of the text, in any letter case. */
  search?: string | undefined
  /** Only lines with a lower ordinal. */
  before?: number | undefined
  /** Only lines with a higher ordinal. */
  after?: number | undefined
  /** The end from which lines are taken, `newest` by default. */
  order?: 'newest' | 'oldest' | undefined
  /** The most lines, 500 by default. */
  limit?: number | undefined
}
