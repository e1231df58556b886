import { backoff } from './backoff.ts'
import { CONNECTING, type Letter, type Link, type Reader } from './reader.ts'
import type { OpenSource } from './source.ts'

/** Readers that come within this time (ms) share one opening of the stream. */
const GATHER = 20
/** How often the clock is checked (ms). */
const TICK = 2_000
/** A tick that is later than this (ms) means that the machine slept. */
const ASLEEP = 8_000

/** What the stream needs from its surroundings. */
export interface StreamOptions {
  open: OpenSource
  /** Sends a letter to one reader. */
  send: (key: string, letter: Letter) => void
  /** Whether this browser lost its access; a lost stream does not give the reason. */
  isAccessLost: () => Promise<boolean>
}

/**
 * The one connection to the board for all readers of a browser. When a reader comes or goes, it is
 * opened again, and each reader continues after its last message. A lost connection is tried again
 * with growing pauses, and at once when the machine wakes.
 */
export class SharedStream {
  readonly #options: StreamOptions
  readonly #readers = new Map<string, Reader>()
  #link: Link = CONNECTING
  #closeSource: (() => void) | null = null
  #opening: ReturnType<typeof setTimeout> | undefined
  #ticking: ReturnType<typeof setInterval> | undefined
  #tickedAt = 0
  #failures = 0

  constructor(options: StreamOptions) {
    this.#options = options
  }

  follow(reader: Reader): void {
    this.#readers.set(reader.key, { ...reader })
    this.#ticking ??= this.#startTicking()
    const { connection } = this.#link
    if (connection === 'away' || connection === 'ended') this.#notify(reader.key)
    else this.#openSoon()
  }

  leave(key: string): void {
    if (!this.#readers.delete(key)) return
    if (this.#readers.size === 0) this.close()
    else if (this.#link.connection !== 'away' && this.#link.connection !== 'ended') this.#openSoon()
  }

  /** Tries again now, because the network is back. */
  tryNow = (): void => {
    if (this.#link.connection === 'away') this.#open()
  }

  close(): void {
    this.#readers.clear()
    this.#closeConnection()
    clearInterval(this.#ticking)
    this.#ticking = undefined
    this.#link = CONNECTING
    this.#failures = 0
  }

  #openSoon(): void {
    this.#opening ??= setTimeout(() => this.#open(), GATHER)
  }

  #open(): void {
    this.#closeConnection()
    const keys = [...this.#readers.keys()]
    this.#closeSource = this.#options.open([...this.#readers.values()], {
      onreceived: () => (this.#link = { ...this.#link, received_at: Date.now() }),
      onstarted: () => this.#setLive(keys),
      onnews: (key, after, delta) => {
        const reader = this.#readers.get(key)
        if (!reader) return
        reader.after = after
        this.#options.send(key, { kind: 'news', after, delta })
      },
      onlost: () => this.#setAway(),
    })
  }

  #setLive(keys: readonly string[]): void {
    this.#failures = 0
    this.#link = { connection: 'live', received_at: Date.now(), retry_at: null }
    for (const key of keys) this.#notify(key)
  }

  #setAway(): void {
    this.#closeConnection()
    this.#failures += 1
    const pause = backoff(this.#failures)
    const opening = setTimeout(() => this.#open(), pause)
    this.#opening = opening
    this.#setLink({ ...this.#link, connection: 'away', retry_at: Date.now() + pause })
    this.#options
      .isAccessLost()
      .then((isIt) => {
        if (isIt && this.#opening === opening) this.#end()
      })
      .catch((error) => reportError(error))
  }

  #end(): void {
    this.#closeConnection()
    this.#setLink({ ...this.#link, connection: 'ended', retry_at: null })
  }

  #setLink(link: Link): void {
    this.#link = link
    for (const key of this.#readers.keys()) this.#notify(key)
  }

  #notify(key: string): void {
    this.#options.send(key, { kind: 'link', link: this.#link })
  }

  #closeConnection(): void {
    clearTimeout(this.#opening)
    this.#opening = undefined
    this.#closeSource?.()
    this.#closeSource = null
  }

  /** A connection that died while the machine slept reports no error for a long time. */
  #startTicking(): ReturnType<typeof setInterval> {
    this.#tickedAt = Date.now()
    return setInterval(() => {
      const slept = Date.now() - this.#tickedAt > ASLEEP
      this.#tickedAt = Date.now()
      if (slept && this.#link.connection !== 'ended') this.#open()
    }, TICK)
  }
}
