import { INGEST, includesScope, type IngestCode } from '@bestmark/core'
import { IngestRefused, type SenderLimit } from '@bestmark/db'
import type { Caller, NoCaller } from '../caller.ts'

/** A caller who sends a journal. */
export interface Sender {
  limit: SenderLimit
  /** Whose rate is counted. */
  sender: Caller
}

const UNKNOWN = 'This board does not know the token, or got none in a Bearer header.'

const NO_CALLER: Record<NonNullable<NoCaller>, [IngestCode, string]> = {
  expired: ['token_expired', 'This token has expired.'],
  revoked: ['token_revoked', 'This token was revoked.'],
  signed_out: ['token_unknown', UNKNOWN],
}
const NEW_TOKEN =
  'Make one on the machine of the board: bestmark tokens --new NAME --scope ingest --project PROJECT'

/** Who sends, and what it may send. Throws IngestRefused. */
export function senderOf(caller: Caller | NoCaller): Sender {
  if (caller === undefined) {
    throw new IngestRefused('token_unknown', `${UNKNOWN} ${NEW_TOKEN}`)
  }
  if (typeof caller === 'string') {
    const [code, text] = NO_CALLER[caller]
    throw new IngestRefused(code, `${text} ${NEW_TOKEN}`)
  }
  if (caller.scope === INGEST) return { limit: caller, sender: caller }
  // Who may change everything on the board may send every journal.
  if (includesScope(caller.scope, 'write')) {
    return { limit: { job_id: null, project: null }, sender: caller }
  }
  throw new IngestRefused('scope_missing', `Sending needs the scope ingest. ${NEW_TOKEN}`)
}
