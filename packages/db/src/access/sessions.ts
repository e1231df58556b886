import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unusable } from '../home.ts'

const DAY = 24 * 60 * 60 * 1000
/** A session ends when it was not used for this long, and in any case after a year (ms). */
export const SESSION_ENDS = { unused: 30 * DAY, after: 365 * DAY }
/** Use is noted this often at most (ms). */
const NOTE_EVERY = 60_000
/** The sessions that are kept; of more the longest unused ends. */
export const MOST_SESSIONS = 200

const SECRET = /^[\w-]{43}$/

interface Session {
  /** Its file, which is named by a digest of its secret. */
  path: string
  /** What the token of its link makes of itself; another token, another seal. */
  seal: string
  opened_at: number
  used_at: number
}

/** Browsers that were let in, a file each: when they came, and in its time when they last did. */
export class Sessions {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Begins a session and returns its secret. Throws HomeUnusable where it cannot be written. */
  async open(seal: string): Promise<string> {
    await this.#sweep(seal)
    const secret = randomBytes(32).toString('base64url')
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      const text = `${JSON.stringify({ seal, opened_at: Date.now() })}\n`
      await writeFile(this.#pathOf(secret), text, { mode: 0o600, flag: 'wx' })
    } catch (cause) {
      throw unusable(this.#folder, cause)
    }
    return secret
  }

  /** Whether a secret is that of a session which has not ended; notes that it is used. */
  async has(secret: string, seal: string): Promise<boolean> {
    if (!SECRET.test(secret)) return false
    const session = await read(this.#pathOf(secret))
    if (!session || hasEnded(session, seal)) return false
    const now = Date.now()
    // A disk that is full or read-only keeps nobody out.
    if (now - session.used_at > NOTE_EVERY) {
      await utimes(session.path, now / 1000, now / 1000).catch(() => undefined)
    }
    return true
  }

  async count(seal: string): Promise<number> {
    return (await this.#all()).filter((session) => !hasEnded(session, seal)).length
  }

  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Removes what has ended, and of many the longest unused. */
  async #sweep(seal: string): Promise<void> {
    const all = await this.#all()
    const going = all.filter((session) => hasEnded(session, seal))
    const kept = all.filter((session) => !going.includes(session))
    kept.sort((a, b) => b.used_at - a.used_at)
    for (const { path } of [...going, ...kept.slice(MOST_SESSIONS - 1)]) {
      await rm(path, { force: true })
    }
  }

  async #all(): Promise<Session[]> {
    const names = await readdir(this.#folder).catch(() => [])
    const sessions = await Promise.all(names.map((name) => read(join(this.#folder, name))))
    return sessions.filter((session) => session !== undefined)
  }

  #pathOf(secret: string): string {
    return join(this.#folder, createHash('sha256').update(secret).digest('hex'))
  }
}

function hasEnded({ seal, opened_at, used_at }: Session, present: string): boolean {
  const now = Date.now()
  const isOld = now - used_at > SESSION_ENDS.unused || now - opened_at > SESSION_ENDS.after
  return isOld || seal !== present
}

/** What a file says of a session; undefined where there is none, or what is no session. */
async function read(path: string): Promise<Session | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const { seal, opened_at } = JSON.parse(text) as Partial<Record<string, unknown>>
    if (typeof seal !== 'string' || typeof opened_at !== 'number') return undefined
    return { path, seal, opened_at, used_at: mtimeMs }
  } catch {
    // It may have been ended just now, or been cut short by a full disk.
    return undefined
  }
}
