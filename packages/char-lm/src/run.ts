import type { TrainingEvent } from '@bestmark/core'
import type { z } from 'zod'

type Reported<Event> = Event extends unknown ? Omit<Event, 'attempt' | 'at'> : never
/** An event without its time. It belongs to the current attempt unless it names another. */
export type RunEvent = Reported<z.input<typeof TrainingEvent>> & { attempt?: number }

/** One attempt, for the training program: what it must do, and where it reports. */
export interface Run {
  /** The run's folder, absolute. */
  readonly folder: string
  readonly name: string
  readonly project: string
  readonly attempt: number
  /** Null means the first preset, or on a resume the preset of the checkpoint. */
  readonly preset: string | null
  /** The checkpoint to resume from, relative to the folder. Null for a fresh start. */
  readonly resume: string | null
  /** Aborted when the run is asked to stop. */
  readonly stop: AbortSignal
  /** Reports an event that happens now. Throws every error except a full disk. */
  record(event: RunEvent): void
}
