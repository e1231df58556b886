import { createHash } from 'node:crypto'

const MINUTE = 60_000
/** How many unknown secrets are looked up per minute. */
export const MOST_ATTEMPTS = 60
/** A secret that was valid is looked up for this long, also while others send unknown ones (ms). */
const TRUSTED = 60 * MINUTE
/** The most secrets that are remembered; a board has fewer programs. */
const MOST_TRUSTED = 1_000

/**
 * Limits how often unknown tokens are looked up, so that a client without a token cannot keep the
 * database busy. All clients come from this machine or a tunnel, so they are not told apart; tokens
 * that were used within the last hour are not limited.
 */
export class Attempts {
  readonly #now: () => number
  #since = -Infinity
  #unknown = 0
  /** When each secret was last valid, by its digest. */
  readonly #trusted = new Map<string, number>()

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Whether a secret may be looked up now. */
  allows(secret: string): boolean {
    const now = this.#now()
    if (now - this.#since >= MINUTE) return true
    if (this.#unknown < MOST_ATTEMPTS) return true
    return now - (this.#trusted.get(digestOf(secret)) ?? -Infinity) < TRUSTED
  }

  /** Notes whether a secret that was looked up belongs to a token. */
  note(secret: string, isKnown: boolean): void {
    const now = this.#now()
    if (isKnown) return this.#trust(digestOf(secret), now)
    if (now - this.#since >= MINUTE) {
      this.#since = now
      this.#unknown = 0
    }
    this.#unknown++
  }

  #trust(digest: string, now: number): void {
    // The last one stands at the end, so the first one is the longest unused.
    this.#trusted.delete(digest)
    this.#trusted.set(digest, now)
    const [oldest] = this.#trusted.keys()
    if (this.#trusted.size > MOST_TRUSTED && oldest !== undefined) this.#trusted.delete(oldest)
  }
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64')
}
