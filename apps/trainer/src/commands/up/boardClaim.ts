import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bestEffort, takeTurn } from '@bestmark/db'
import { z } from 'zod'
import { Failure } from '../../failure.ts'
import { isAlive, isGone, ProcessMark } from '../../processes/alive.ts'
import { ownMark } from '../../processes/mark.ts'

/** The `bestmark up` of a data folder, and the address of its pages once they are served. */
const Claim = ProcessMark.extend({ address: z.string().nullable() })
type Claim = z.infer<typeof Claim>

/** How often the claim is renewed, and after which time without that it is over (ms). */
const [RENEW, OVER] = [10_000, 30_000]

/**
 * The data folder as that of one `bestmark up`. A second one would leave its own address for
 * `bestmark link`, and would send each alert again.
 */
export class BoardClaim implements AsyncDisposable {
  readonly #path: string
  readonly #own = ownMark()
  readonly #renewing: ReturnType<typeof setInterval>

  private constructor(path: string) {
    this.#path = path
    this.#renewing = setInterval(() => void this.#renew(), RENEW).unref()
  }

  /** Throws a Failure that names the board if one is running there. The claim of a dead one is taken over. */
  static async of(home: string): Promise<BoardClaim> {
    await using _turn = await takeTurn(`up ${home}`)
    const path = join(home, 'up.json')
    const running = await readClaim(path)
    if (running && (await isRunning(path, running))) throw refusal(home, running)
    const claim = new BoardClaim(path)
    await claim.#write(null)
    return claim
  }

  /** The pages are served at this address. */
  async serves(address: string): Promise<void> {
    await this.#write(address)
  }

  async #write(address: string | null): Promise<void> {
    const claim: Claim = { ...this.#own, address }
    await replace(this.#path, `${JSON.stringify(claim)}\n`)
  }

  /** Machines that cannot see this process see the time of the file. */
  async #renew(): Promise<void> {
    await bestEffort(() => utimes(this.#path, new Date(), new Date()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewing)
    const claim = await readClaim(this.#path).catch(() => undefined)
    const isOwn = claim?.pid === this.#own.pid && claim.started_at === this.#own.started_at
    if (isOwn) await bestEffort(() => rm(this.#path, { force: true }))
  }
}

async function readClaim(path: string): Promise<Claim | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  try {
    return text === undefined ? undefined : Claim.parse(JSON.parse(text))
  } catch {
    // A file that a full disk left incomplete counts as missing.
    return undefined
  }
}

/** A process of another machine or container is judged by the time of its claim, on the clock of the disk. */
async function isRunning(path: string, claim: Claim): Promise<boolean> {
  if (isAlive(claim)) return true
  if (isGone(claim)) return false
  const probe = `${path}.${randomUUID()}`
  try {
    await writeFile(probe, '')
    return (await stat(probe)).mtimeMs - (await stat(path)).mtimeMs < OVER
  } finally {
    await rm(probe, { force: true })
  }
}

function refusal(home: string, claim: Claim): Failure {
  const { pid, address, machine } = claim
  const where = address === null ? '' : ` at ${address}`
  const isHere = isAlive(claim)
  const who = `process ${pid}${isHere || !machine ? '' : ` on ${machine.hostname}`}`
  const how = isHere
    ? 'Open it with: bestmark link. Or stop it first.'
    : `Stop it there. If it no longer runs, wait ${OVER / 1_000} seconds.`
  return new Failure(`The board of ${home} is already running${where} (${who}). ${how}`)
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, text, { mode: 0o600 })
    await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
}
