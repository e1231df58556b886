import { gzip } from 'node:zlib'
import { hostname } from 'node:os'
import { promisify } from 'node:util'
import { z } from 'zod'
import { Failure } from '../failure.ts'
import { plainErrorText } from '../plainErrors.ts'
import { BoardRefused, refusalOf } from './boardRefused.ts'

/** The variable with the token, because other users see the options of a process. */
const TOKEN = 'BESTMARK_TOKEN'
/** How long a request may take (ms). */
const TIMEOUT = 30_000

const Offset = z.object({
  offset: z.number().int().nonnegative(),
  crc32: z.number().int(),
  /** Whether the board lacks files of samples; older boards take neither files nor scores. */
  wants_files: z.boolean().optional(),
})
/** How far a board has a journal: its bytes, and their CRC-32. */
export type BoardOffset = z.infer<typeof Offset>

/** A piece of a journal. */
export interface JournalPiece {
  bytes: Uint8Array
  offset: number
  crc32?: number
  /** The journal began again: the CRC-32 of what the board has of the one before. */
  replaces?: number
  /** The run's folder, for people. */
  root: string
}

/** A board that takes journals over HTTP. */
export class BoardTarget {
  readonly address: string
  readonly #token: string

  /** Throws a Failure if the address is not that of a board, or the token is missing. */
  constructor(to: string, env: NodeJS.ProcessEnv = process.env) {
    const url = URL.canParse(to) ? new URL(to) : undefined
    if (!url || !/^https?:$/.test(url.protocol)) {
      throw new Failure(`--to must be the address of a board, as https://board; got "${to}".`)
    }
    const token = env[TOKEN] ?? url.searchParams.get('token')
    if (!token) {
      throw new Failure(
        `Set ${TOKEN} to a token of ${url.origin}. Make one on the page Access, or on the machine of the board: ` +
          'bestmark tokens --new NAME --scope ingest --project PROJECT',
      )
    }
    // Few resolvers know that every name below localhost is this machine.
    if (url.hostname.endsWith('.localhost')) url.hostname = 'localhost'
    this.address = `${url.origin}${url.pathname}`.replace(/\/+$/, '')
    this.#token = token
  }

  /** How far the board has the journal of a job. Throws BoardRefused. */
  async offsetOf(job_id: string, signal: AbortSignal): Promise<BoardOffset> {
    return Offset.parse(await this.ask(`jobs/${job_id}/journal`, { signal }))
  }

  /** Sends a piece; returns how far the board has the journal then. Throws BoardRefused. */
  async send(job_id: string, piece: JournalPiece, signal: AbortSignal): Promise<BoardOffset> {
    const { bytes, offset, crc32, replaces, root } = piece
    const headers = {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      'bestmark-offset': String(offset),
      'bestmark-host': encodeURIComponent(hostname()),
      'bestmark-folder': encodeURIComponent(root),
      ...(crc32 !== undefined && { 'bestmark-crc32': String(crc32) }),
      ...(replaces !== undefined && { 'bestmark-replaces': String(replaces) }),
    }
    const body = await promisify(gzip)(bytes, { level: 5 })
    return Offset.parse(
      await this.ask(`jobs/${job_id}/journal`, { method: 'POST', headers, body, signal }),
    )
  }

  /** The JSON that the board answers at a path of its ingest API. Throws BoardRefused. */
  async ask(
    path: string,
    { signal, headers, ...init }: RequestInit & { signal: AbortSignal },
  ): Promise<unknown> {
    const url = `${this.address}/ingest/v1/${path}`
    const until = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)])
    const all = { ...(headers as Record<string, string>), authorization: `Bearer ${this.#token}` }
    // A redirect would send the token to another server.
    const asked = fetch(url, { ...init, headers: all, signal: until, redirect: 'manual' })
    const answer = await asked.catch((error: unknown) => {
      throw away(this.address, error)
    })
    if (!answer.ok) throw await refusalOf(answer, this.address)
    return answer.json().catch((cause: unknown) => {
      throw new BoardRefused(
        'not_a_board',
        `${this.address} does not answer as a board. Check the address.`,
        { cause },
      )
    })
  }
}

function away(address: string, error: unknown): BoardRefused {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const why = plainErrorText(cause) ?? (cause instanceof Error ? cause.message : String(cause))
  return new BoardRefused('away', `Cannot reach ${address} (${why}).`, { cause: error })
}
