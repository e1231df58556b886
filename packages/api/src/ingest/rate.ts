import { IngestRefused } from '@bestmark/db'
import type { Caller } from '../caller.ts'

/** How much a sender may send per minute: pieces, and bytes after unpacking. */
const RATE = { pieces: 300, bytes: 256 << 20 }

const MINUTE = 60_000
/** The most senders that are remembered. */
const MOST_SENDERS = 1_000

type Budget = typeof RATE

/**
 * Limits how much each sender may send. A sender has the budget of a minute at once, and gets it back
 * over a minute.
 */
export class SendingRate {
  readonly #now: () => number
  readonly #most: Budget
  readonly #senders = new Map<string, { at: number; left: Budget }>()

  constructor(most: Budget = RATE, now: () => number = Date.now) {
    this.#most = most
    this.#now = now
  }

  /** How long a sender must wait before the next piece (ms); 0 if it may send one now. */
  wait(sender: string): number {
    const left = this.#left(sender)
    const { pieces, bytes } = this.#most
    const missing = Math.max((1 - left.pieces) / pieces, -left.bytes / bytes, 0)
    return Math.ceil(missing * MINUTE)
  }

  /** Throws TooFast if a sender must wait. */
  assert(sender: string): void {
    const wait = this.wait(sender)
    if (wait > 0) throw new TooFast(wait)
  }

  /** Notes that a sender sent a piece. */
  note(sender: string, bytes: number): void {
    const left = this.#left(sender)
    // The last one stands at the end, so the first one is the longest unused.
    this.#senders.delete(sender)
    const after = { pieces: left.pieces - 1, bytes: left.bytes - bytes }
    this.#senders.set(sender, { at: this.#now(), left: after })
    const [oldest] = this.#senders.keys()
    if (this.#senders.size > MOST_SENDERS && oldest !== undefined) this.#senders.delete(oldest)
  }

  #left(sender: string): Budget {
    const known = this.#senders.get(sender)
    if (!known) return this.#most
    const share = (this.#now() - known.at) / MINUTE
    const after = (name: keyof Budget): number =>
      Math.min(this.#most[name], known.left[name] + share * this.#most[name])
    return { pieces: after('pieces'), bytes: after('bytes') }
  }
}

/** Too much was sent in the last minute. */
export class TooFast extends IngestRefused {
  /** Seconds. */
  readonly wait: number

  constructor(milliseconds: number) {
    const wait = Math.max(1, Math.ceil(milliseconds / 1000))
    super('too_fast', `This token sends too much at once. Try again in ${wait} s.`)
    this.wait = wait
  }
}

/** Whose rate is counted. */
export function keyOf({ token_id, person_id, kind }: Caller): string {
  return token_id ?? person_id ?? kind
}
