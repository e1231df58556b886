import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bestEffort } from '../connection/bestEffort.ts'

const DAY = 24 * 60 * 60 * 1000
/** A session ends when it was not used for this long, and in any case after a year (ms). */
export const SESSION_ENDS = { unused: 30 * DAY, after: 365 * DAY }
/** Use is noted this often at most (ms). */
const NOTE_EVERY = 60_000
/** The most sessions. Above that, never used ones end first, then the longest unused. */
export const MOST_SESSIONS = 200
/** The file time of a session that was never used: this long before its start (ms). */
const NEVER = 1_000

const SECRET = /^[\w-]{43}$/

interface Session {
  /** Derived from the token; a new token has a new seal. */
  seal: string
  opened_at: number
  used_at: number
}

/**
 * Sessions of browsers, one file each. The file has the start; its time is the last use. If a file
 * cannot be written, as on a full disk, the session exists only in this process.
 */
export class Sessions {
  readonly #folder: string
  readonly #unwritten = new Map<string, Session>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Begins a session and returns its secret. */
  async open(seal: string): Promise<string> {
    await bestEffort(() => this.#sweep(seal))
    const secret = randomBytes(32).toString('base64url')
    const name = nameOf(secret)
    const opened_at = Date.now()
    try {
      await this.#write(name, { seal, opened_at })
    } catch {
      await bestEffort(() => rm(this.#pathOf(name), { force: true }))
      this.#unwritten.set(name, { seal, opened_at, used_at: opened_at - NEVER })
    }
    return secret
  }

  /** Whether a secret is that of a session which has not ended; notes that it is used. */
  async has(secret: string, seal: string): Promise<boolean> {
    if (!SECRET.test(secret)) return false
    const name = nameOf(secret)
    const session = await this.#read(name)
    if (!session || hasEnded(session, seal)) return false
    const now = Date.now()
    if (!wasUsed(session) || now - session.used_at > NOTE_EVERY) {
      session.used_at = now
      await bestEffort(() => utimes(this.#pathOf(name), now / 1000, now / 1000))
    }
    return true
  }

  async count(seal: string): Promise<number> {
    return (await this.#all()).filter(([, session]) => !hasEnded(session, seal)).length
  }

  async clear(): Promise<void> {
    this.#unwritten.clear()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #write(name: string, { seal, opened_at }: Omit<Session, 'used_at'>): Promise<void> {
    const path = this.#pathOf(name)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const text = `${JSON.stringify({ seal, opened_at })}\n`
    await writeFile(path, text, { mode: 0o600, flag: 'wx' })
    const never = (opened_at - NEVER) / 1000
    await utimes(path, never, never)
  }

  /** Removes ended sessions, then never used ones and the longest unused if there are too many. */
  async #sweep(seal: string): Promise<void> {
    const all = await this.#all()
    const going = all.filter(([, session]) => hasEnded(session, seal))
    const kept = all.filter((entry) => !going.includes(entry))
    kept.sort(([, a], [, b]) => Number(wasUsed(b)) - Number(wasUsed(a)) || b.used_at - a.used_at)
    for (const [name] of [...going, ...kept.slice(MOST_SESSIONS - 1)]) {
      this.#unwritten.delete(name)
      await bestEffort(() => rm(this.#pathOf(name), { force: true }))
    }
  }

  async #all(): Promise<[name: string, Session][]> {
    const written = await readdir(this.#folder).catch(() => [])
    const names = [...this.#unwritten.keys(), ...written]
    const entries = names.map(async (name) => [name, await this.#read(name)] as const)
    return (await Promise.all(entries)).flatMap(([name, session]) =>
      session ? [[name, session]] : [],
    )
  }

  /** Reads a session; undefined if there is none, or if the file is not a session. */
  async #read(name: string): Promise<Session | undefined> {
    return this.#unwritten.get(name) ?? written(this.#pathOf(name))
  }

  #pathOf(name: string): string {
    return join(this.#folder, name)
  }
}

/** A digest of its secret. */
function nameOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Whether the session was used after it was opened; a tool that only opens links never does. */
function wasUsed({ opened_at, used_at }: Session): boolean {
  return used_at >= opened_at
}

function hasEnded({ seal, opened_at, used_at }: Session, present: string): boolean {
  const now = Date.now()
  const isOld = now - used_at > SESSION_ENDS.unused || now - opened_at > SESSION_ENDS.after
  return isOld || seal !== present
}

async function written(path: string): Promise<Session | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const { seal, opened_at } = JSON.parse(text) as Partial<Record<string, unknown>>
    if (typeof seal !== 'string' || typeof opened_at !== 'number') return undefined
    return { seal, opened_at, used_at: mtimeMs }
  } catch {
    // It may have been ended just now, or been cut short by a full disk.
    return undefined
  }
}
