import type { Journal, JournalEvent } from '../journal.ts'

type Said<Event> = Event extends JournalEvent ? Omit<Event, 'attempt' | 'at'> : never
/** An event without what the run itself knows. */
export type RunEvent = Said<JournalEvent> & { attempt?: number }

/** One attempt of a run, as its recipe sees it: what it is asked to do and whom it tells. */
export class Run {
  readonly folder: string
  readonly attempt: number
  readonly preset: string | null
  readonly resume: string | null
  /** Aborted when the run is asked to stop. */
  readonly stop: AbortSignal
  readonly #journal: Journal

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
  }

  get name(): string {
    return this.#journal.header.name
  }

  get project(): string {
    return this.#journal.header.project
  }

  /** Writes an event of this attempt and this moment; one about an earlier attempt names it. */
  record(event: RunEvent): void {
    this.#journal.append({ attempt: this.attempt, at: Date.now(), ...event })
  }
}
