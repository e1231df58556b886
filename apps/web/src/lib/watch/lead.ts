import { holdLock, type HeldLock } from './browserLock.ts'
import type { Letter, Reader, Take } from './reader.ts'
import { SharedStream, type StreamOptions } from './sharedStream.ts'

/** A letter on its way to a reader in another tab, and the term of the leader that sent it. */
export interface Posted {
  term: string
  letter: Letter
}

/** The channel on which a reader in another tab receives its letters. */
export function inboxOf(key: string): BroadcastChannel {
  return new BroadcastChannel(`bestmark-reader-${key}`)
}

/** The lock that a tab holds as long as one of its readers follows. */
export function presenceOf(key: string): string {
  return `bestmark-reader-${key}`
}

interface Elsewhere {
  outbox: BroadcastChannel
  gone: HeldLock
}

/** What the leading tab does: it has the connection, and sends each reader its letters. */
export class Lead {
  readonly term = crypto.randomUUID()
  readonly #stream: SharedStream
  readonly #here = new Map<string, Take>()
  readonly #elsewhere = new Map<string, Elsewhere>()

  constructor(options: Omit<StreamOptions, 'send'>) {
    this.#stream = new SharedStream({ ...options, send: (key, letter) => this.#send(key, letter) })
  }

  /** A reader of this tab. */
  followHere(reader: Reader, take: Take): void {
    this.#here.set(reader.key, take)
    this.#stream.follow(reader)
  }

  /** A reader of another tab, which holds its presence; it leaves when that tab closes. */
  followElsewhere(reader: Reader): void {
    const { key } = reader
    if (this.#elsewhere.has(key)) return
    const gone = holdLock(presenceOf(key))
    this.#elsewhere.set(key, { outbox: inboxOf(key), gone })
    gone.held.then(() => this.leave(key)).catch((error) => reportError(error))
    this.#stream.follow(reader)
  }

  leave(key: string): void {
    this.#here.delete(key)
    const reader = this.#elsewhere.get(key)
    this.#elsewhere.delete(key)
    reader?.gone.release()
    reader?.outbox.close()
    this.#stream.leave(key)
  }

  tryNow(): void {
    this.#stream.tryNow()
  }

  close(): void {
    this.#stream.close()
    for (const key of [...this.#elsewhere.keys()]) this.leave(key)
  }

  #send(key: string, letter: Letter): void {
    this.#here.get(key)?.(letter)
    const posted: Posted = { term: this.term, letter }
    this.#elsewhere.get(key)?.outbox.postMessage(posted)
  }
}
