import type { TrainingEvent } from '@bestmark/core'
import type { z } from 'zod'

type Reported<Event> = Event extends unknown ? Omit<Event, 'attempt' | 'at'> : never
/** An event without its time. It belongs to the present attempt unless it names another. */
export type RunEvent = Reported<z.input<typeof TrainingEvent>> & { attempt?: number }

/** One attempt as its training sees it: what it must do, and where it reports. */
export interface Run {
  /** The run's folder, absolute. */
  readonly folder: string
  readonly name: string
  readonly project: string
  readonly attempt: number
  /** Null for the first preset, or for that of the checkpoint to resume. */
  readonly preset: string | null
  /** The checkpoint to resume from, relative to the folder. Null for a fresh start. */
  readonly resume: string | null
  /** Aborted when the run is asked to stop. */
  readonly stop: AbortSignal
  /** Reports an event of this moment. Throws what is wrong other than a full disk. */
  record(event: RunEvent): void
}
