import { isDiskFull } from '@bestmark/core'
import type { Journal, JournalEvent } from '../journal/write.ts'

/** How many events may wait in memory. Beyond that the oldest are dropped, and a warning says so. */
const MOST = 100_000

/**
 * Events to be written to a journal. While its disk is full they wait in memory, so that training
 * continues. When there is space they are written in order, with a warning.
 */
export class EventQueue {
  readonly #journal: Journal
  #waiting: JournalEvent[] = []
  #since: number | undefined
  #dropped = 0

  constructor(journal: Journal) {
    this.#journal = journal
  }

  /** Whether everything is in the journal. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Writes an event, or lets it wait. Throws every error except a full disk. */
  add(event: JournalEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length > MOST) {
      this.#waiting.shift()
      this.#dropped++
    }
    this.write()
  }

  /** Writes the waiting events while there is space. */
  write(): void {
    const waited = this.#waiting.length
    let written = 0
    try {
      for (const event of this.#waiting) {
        this.#journal.append(event)
        written++
      }
      if (this.#since !== undefined) this.#warn(this.#since, waited)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#since ??= Date.now()
    } finally {
      this.#waiting = this.#waiting.slice(written)
    }
  }

  #warn(since: number, count: number): void {
    const attempt = this.#waiting.at(-1)?.attempt ?? 0
    const seconds = Math.ceil((Date.now() - since) / 1_000)
    const dropped =
      this.#dropped > 0 ? `; ${this.#dropped} older ones did not fit in memory and are lost` : ''
    const text = `The disk of this run was full for ${seconds} s. ${count} events waited in memory and are written now${dropped}.`
    this.#journal.append({ type: 'log', attempt, at: Date.now(), level: 'warning', text })
    this.#since = undefined
    this.#dropped = 0
  }
}
