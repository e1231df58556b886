import { createHash, timingSafeEqual } from 'node:crypto'
import { type Stats, unwatchFile, watchFile } from 'node:fs'
import { join } from 'node:path'
import { boardToken, renewToken } from '../connection/home.ts'
import { Sessions } from './sessions.ts'

/** How often the token's file is checked for a change (ms). */
const LOOK_AGAIN = 1_000

/**
 * Decides who has access to the board of a data folder: anyone with the token, and browsers with a
 * session. The token is read each time, so that a new token ends all old access at once.
 */
export class BoardAccess {
  readonly #home: string
  readonly #sessions: Sessions

  /** @param home The data folder, absolute. */
  constructor(home: string) {
    this.#home = home
    this.#sessions = new Sessions(join(home, 'sessions'))
  }

  /** The secret of the link. */
  token(): Promise<string> {
    return boardToken(this.#home)
  }

  /**
   * The board's host name on this machine. Under it, a browser does not send its cookie to servers on
   * other ports. It is derived from the token, so nobody can guess it.
   */
  async name(): Promise<string> {
    return `bestmark-${derived('name', await this.token()).slice(0, 16)}.localhost`
  }

  /** The cookie's name; boards that are opened by one name of the machine share its cookies. */
  async cookie(): Promise<string> {
    return `bestmark-${derived('cookie', await this.token()).slice(0, 8)}`
  }

  /** The key that signs the cookies of accounts. A new token ends their sessions, too. */
  async key(): Promise<string> {
    return derived('accounts', await this.token())
  }

  /** The link that opens the board on a port. */
  async link({ host, port }: { host: string; port: number }): Promise<string> {
    return `http://${await this.#hostFor(host)}:${port}/?token=${await this.token()}`
  }

  /** Whether a text is the token. */
  async isToken(given: string | null): Promise<boolean> {
    return given !== null && sameSecret(given, await this.token())
  }

  /** Opens a session for a browser; returns its secret, which is not stored. */
  async openSession(): Promise<string> {
    return this.#sessions.open(derived('seal', await this.token()))
  }

  /** Whether a text is the secret of a session that was not ended. */
  async hasSession(session: string | undefined): Promise<boolean> {
    return this.#sessions.has(session ?? '', derived('seal', await this.token()))
  }

  /** Makes a new token, which ends all old links and sessions. Returns how many sessions ended. */
  async renew(): Promise<number> {
    const ended = await this.#sessions.count(derived('seal', await this.token()))
    await renewToken(this.#home)
    await this.#sessions.clear()
    return ended
  }

  /** Calls `listener` whenever the token changes, until the returned function is called. */
  onRenewed(listener: () => void): () => void {
    const path = join(this.#home, 'token')
    // The file is also checked after each reading; the first token ends nothing.
    const look = (now: Stats, before: Stats): void => {
      const isOther = now.ino !== before.ino || now.mtimeMs !== before.mtimeMs
      if (before.ino !== 0 && isOther) listener()
    }
    watchFile(path, { interval: LOOK_AGAIN, persistent: false }, look)
    return () => unwatchFile(path, look)
  }

  /** A browser resolves the board's name to 127.0.0.1 and ::1 only. */
  async #hostFor(host: string): Promise<string> {
    if (['127.0.0.1', '::1', 'localhost'].includes(host)) return this.name()
    return host.includes(':') ? `[${host}]` : host
  }
}

/** Compares two secrets in constant time. */
export function sameSecret(given: string | null | undefined, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given ?? ''), digest(expected)) && Boolean(given)
}

/** A value derived from the token that does not reveal it. */
function derived(what: string, token: string): string {
  return createHash('sha256').update(`bestmark ${what} ${token}`).digest('hex')
}
