import type { IngestCode } from '@bestmark/core'
import { z } from 'zod'

/** What the board answers if it does not take a piece. */
const Refusal = z.object({ code: z.string(), message: z.string() })

/** No run can be sent before a person changes something: the token, or the address. */
const STOPPING = new Set<string>([
  'token_unknown',
  'token_expired',
  'token_revoked',
  'scope_missing',
  'not_a_board',
] satisfies (IngestCode | 'not_a_board')[])

/** The same piece, or the file as it is then, may be taken later. */
const PASSING = new Set<string>([
  'too_fast',
  'database_away',
  'internal_error',
  'away',
  'sample_unknown',
  'file_differs',
  'file_too_large',
] satisfies (IngestCode | 'away')[])

/** A board does not take a journal. */
export class BoardRefused extends Error {
  override readonly name = 'BoardRefused'
  /** A code of the board, `not_a_board` for another server, or `away` if nothing answers. */
  readonly code: string
  /** When the board wants it again (ms); undefined if it does not say. */
  readonly wait: number | undefined

  constructor(code: string, message: string, options: { wait?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.wait = options.wait
  }

  /** Whether no other run can be sent either. */
  get isOfBoard(): boolean {
    return STOPPING.has(this.code)
  }

  /** Whether it can work later without a change. */
  get isPassing(): boolean {
    return PASSING.has(this.code)
  }
}

/** Why a board refused a request. Throws nothing. */
export async function refusalOf(answer: Response, board: string): Promise<BoardRefused> {
  const seconds = Number(answer.headers.get('retry-after') ?? NaN)
  const wait = Number.isFinite(seconds) ? { wait: seconds * 1_000 } : {}
  const body = Refusal.safeParse(await answer.json().catch(() => undefined))
  if (body.success) return new BoardRefused(body.data.code, body.data.message, wait)
  // A proxy before the board answers these while the board restarts.
  const isAway = answer.status >= 500 || answer.status === 429
  const text = `${board} answered ${answer.status}, and not as a board that takes runs.`
  if (isAway) return new BoardRefused('away', text, wait)
  return new BoardRefused('not_a_board', `${text} Check the address, or update the board.`)
}
