import { isDiskFull } from '@bestmark/core'
import type { Journal, JournalEvent } from '../journal/write.ts'

/** The most events that wait in memory; of more the oldest are given up, and that is told. */
const MOST = 100_000

/**
 * Events on their way into a journal. While its disk is full they wait in memory, so that training
 * goes on; once there is room they are written in their order, and a warning tells of it.
 */
export class EventQueue {
  readonly #journal: Journal
  #waiting: JournalEvent[] = []
  #since: number | undefined
  #givenUp = 0

  constructor(journal: Journal) {
    this.#journal = journal
  }

  /** Whether everything is in the journal. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Writes an event, or lets it wait. Throws what is wrong other than a full disk. */
  add(event: JournalEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length > MOST) {
      this.#waiting.shift()
      this.#givenUp++
    }
    this.write()
  }

  /** Writes what waits, as far as there is room. */
  write(): void {
    const waited = this.#waiting.length
    let written = 0
    try {
      for (const event of this.#waiting) {
        this.#journal.append(event)
        written++
      }
      if (this.#since !== undefined) this.#tell(this.#since, waited)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#since ??= Date.now()
    } finally {
      this.#waiting = this.#waiting.slice(written)
    }
  }

  #tell(since: number, count: number): void {
    const attempt = this.#waiting.at(-1)?.attempt ?? 0
    const seconds = Math.ceil((Date.now() - since) / 1_000)
    const lost =
      this.#givenUp > 0 ? `; ${this.#givenUp} older ones did not fit in memory and are lost` : ''
    const text = `The disk of this run was full for ${seconds} s. ${count} events waited in memory and are written now${lost}.`
    this.#journal.append({ type: 'log', attempt, at: Date.now(), level: 'warning', text })
    this.#since = undefined
    this.#givenUp = 0
  }
}
