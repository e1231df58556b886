import { createHash } from 'node:crypto'
import { isIP } from 'node:net'

const MINUTE = 60_000
/** How many unknown secrets of one client are looked up per minute. */
export const MOST_ATTEMPTS = 60
/** A secret that was valid is looked up for this long, also while others send unknown ones (ms). */
const TRUSTED = 60 * MINUTE
/** The most secrets that are remembered; a board has fewer programs. */
const MOST_TRUSTED = 1_000

/** The most clients that are told apart; those that were quiet longest are forgotten. */
const MOST_CLIENTS = 10_000

/**
 * Limits how often unknown tokens of one client are looked up, so that a client without a token can
 * neither keep the database busy nor keep others out. Tokens that were used within the last hour are
 * not limited.
 */
export class Attempts {
  readonly #now: () => number
  /** The unknown secrets of each client in its minute, by its network. */
  readonly #clients = new Map<string, { since: number; unknown: number }>()
  /** When each secret was last valid, by its digest. */
  readonly #trusted = new Map<string, number>()

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Whether a secret of a client may be looked up now. */
  allows(secret: string, address: string): boolean {
    const now = this.#now()
    if (this.#countOf(networkOf(address), now) < MOST_ATTEMPTS) return true
    return now - (this.#trusted.get(digestOf(secret)) ?? -Infinity) < TRUSTED
  }

  /** Notes whether a secret that was looked up belongs to a token. */
  note(secret: string, address: string, isKnown: boolean): void {
    const now = this.#now()
    if (isKnown) return this.#trust(digestOf(secret), now)
    const network = networkOf(address)
    const unknown = this.#countOf(network, now)
    const since = unknown === 0 ? now : (this.#clients.get(network)?.since ?? now)
    this.#clients.delete(network)
    this.#clients.set(network, { since, unknown: unknown + 1 })
    forgetFirst(this.#clients, MOST_CLIENTS)
  }

  #countOf(network: string, now: number): number {
    const client = this.#clients.get(network)
    return client && now - client.since < MINUTE ? client.unknown : 0
  }

  #trust(digest: string, now: number): void {
    // The last one stands at the end, so the first one is the longest unused.
    this.#trusted.delete(digest)
    this.#trusted.set(digest, now)
    forgetFirst(this.#trusted, MOST_TRUSTED)
  }
}

function forgetFirst(map: Map<string, unknown>, most: number): void {
  const [first] = map.keys()
  if (map.size > most && first !== undefined) map.delete(first)
}

/** The part of an address that one client has: it may use each address of an IPv6 network. */
function networkOf(address: string): string {
  // A server that listens on IPv6 shows clients of IPv4 in this form.
  const [, plain] = /^::ffff:([\d.]+)$/i.exec(address) ?? []
  if (plain !== undefined || isIP(address) !== 6) return plain ?? address
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`)
  const [head = '', tail] = hostname.slice(1, -1).split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [first, last] = [groups(head), groups(tail ?? '')]
  const zeros = Array<string>(8 - first.length - last.length).fill('0')
  return [...first, ...zeros, ...last].slice(0, 4).join(':')
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64')
}
