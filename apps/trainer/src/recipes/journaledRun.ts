import { setTimeout as sleep } from 'node:timers/promises'
import type { Run, RunEvent } from '@bestmark/char-lm'
import type { Journal } from '../journal/write.ts'
import { EventQueue } from './eventQueue.ts'

/** One attempt of a run that writes to its journal. */
export class JournaledRun implements Run {
  readonly folder: string
  readonly attempt: number
  readonly preset: string | null
  readonly resume: string | null
  /** Aborted when the run is asked to stop. */
  readonly stop: AbortSignal
  readonly #journal: Journal
  readonly #events: EventQueue

  constructor(
    journal: Journal,
    request: { folder: string; attempt: number; preset: string | null; resume: string | null },
    stop: AbortSignal,
  ) {
    this.folder = request.folder
    this.attempt = request.attempt
    this.preset = request.preset
    this.resume = request.resume
    this.stop = stop
    this.#journal = journal
    this.#events = new EventQueue(journal)
  }

  get name(): string {
    return this.#journal.header.name
  }

  get project(): string {
    return this.#journal.header.project
  }

  /**
   * Writes an event with the current time. It belongs to this attempt unless it names an earlier one.
   * While the disk is full the event waits, and training continues.
   */
  record(event: RunEvent): void {
    this.#events.add({ attempt: this.attempt, at: Date.now(), ...event })
  }

  /** Waits until everything is written, or the run is asked to stop. */
  async settle(): Promise<void> {
    for (; !this.#events.isEmpty && !this.stop.aborted; this.#events.write()) await sleep(500)
  }
}
