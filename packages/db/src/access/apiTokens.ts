import { createHash, randomBytes } from 'node:crypto'
import { INGEST, LONGEST_TOKEN, type TokenScope } from '@bestmark/core'
import { and, desc, eq, isNull, or, sql } from 'drizzle-orm'
import { bestEffort } from '../connection/bestEffort.ts'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { apiTokens } from '../schema.ts'
import { Refused } from '../values/refused.ts'
import { storable } from '../values/storable.ts'

/** A token of a program, without its secret. */
export type ApiToken = Omit<typeof apiTokens.$inferSelect, 'digest'>

/** Why a token gives no access any more. */
export type TokenEnd = 'expired' | 'revoked'

/** The prefix lets scanners of secrets find a token in a public file. */
const SECRET = /^bestmark_[\w-]{43}$/
const DAY = 24 * 60 * 60 * 1000
/** Use is noted this often at most (ms). */
const NOTE_EVERY = 60_000

const { token_id, name, scope, job_id, project } = apiTokens
const { created_at, expires_at, used_at, revoked_at } = apiTokens
const LIMIT = { job_id, project }
const SHOWN = { token_id, name, scope, ...LIMIT, created_at, expires_at, used_at, revoked_at }

/** A token to make. */
export interface NewApiToken {
  name: string
  scope: TokenScope
  days: number
  /** The one job, or the one project, whose journals a token of the scope `ingest` may send. */
  job_id?: string | undefined
  project?: string | undefined
}

/** Makes a token and returns it with its secret, which is not stored. */
export async function createApiToken(
  db: Database,
  { name, scope, days, job_id, project }: NewApiToken,
): Promise<{ token: ApiToken; secret: string }> {
  const called = storable(name.trim())
  if (!called) throw new Refused('A token needs a name.')
  if (!(days > 0 && days <= LONGEST_TOKEN)) {
    throw new Refused(`A token expires after 1 to ${LONGEST_TOKEN} days.`)
  }
  assertLimited(scope, { job_id, project })
  const secret = `bestmark_${randomBytes(32).toString('base64url')}`
  const expires_at = sql`${clock} + ${days * DAY}::float8`
  const row = { name: called, scope, job_id, project, digest: digestOf(secret) }
  const times = { created_at: clock, expires_at }
  const [token] = await db.orm
    .insert(apiTokens)
    .values({ ...row, ...times })
    .returning(SHOWN)
  if (!token) throw new Error('The token was not stored.')
  return { token, secret }
}

/** Throws Refused unless a token to send journals, and no other, is of one job or one project. */
function assertLimited(scope: TokenScope, limit: Pick<NewApiToken, 'job_id' | 'project'>): void {
  const count = [limit.job_id, limit.project].filter((one) => one !== undefined).length
  if (scope === INGEST && count !== 1) {
    throw new Refused('A token of the scope ingest is for one job or for one project.')
  }
  if (scope !== INGEST && count > 0) {
    throw new Refused('Only a token of the scope ingest is for one job or project.')
  }
}

/** All tokens, the newest first, also those that ended. */
export async function listApiTokens(db: Database): Promise<ApiToken[]> {
  return db.orm.select(SHOWN).from(apiTokens).orderBy(desc(apiTokens.created_at))
}

/** Ends the token with an id, or with the unique beginning of one. Throws Refused if none has it. */
export async function revokeApiToken(db: Database, id: string): Promise<ApiToken> {
  const all = await listApiTokens(db)
  const [token, ...others] = all.filter(({ token_id }) => token_id.startsWith(id.toLowerCase()))
  if (!token || id === '')
    throw new Refused(`No token has the id ${id}. List them: bestmark tokens`)
  if (others.length > 0) throw new Refused(`${others.length + 1} tokens begin with ${id}.`)
  const isOpen = and(eq(apiTokens.token_id, token.token_id), isNull(apiTokens.revoked_at))
  const [revoked] = await db.orm
    .update(apiTokens)
    .set({ revoked_at: clock })
    .where(isOpen)
    .returning(SHOWN)
  return revoked ?? token
}

/** Whether a text has the form of a token's secret. */
export function isApiSecret(text: string | null): text is string {
  return text !== null && SECRET.test(text)
}

/** The token of a secret, or why it ended; undefined if there is no such token. */
export async function apiTokenOf(
  db: Database,
  secret: string,
): Promise<ApiToken | TokenEnd | undefined> {
  const [found] = await db.orm
    .select({ ...SHOWN, now: clock })
    .from(apiTokens)
    .where(eq(apiTokens.digest, digestOf(secret)))
  if (!found) return undefined
  const { now, ...token } = found
  const end = endOf(token, now)
  if (end) return end
  // A database that refuses writes may still be read.
  if (token.used_at === null || now - token.used_at > NOTE_EVERY) {
    await bestEffort(() => noteUse(db, token.token_id))
  }
  return token
}

/** Why the token with an id ended; undefined while it gives access. */
export async function apiTokenEnd(db: Database, token_id: string): Promise<TokenEnd | undefined> {
  const [found] = await db.orm
    .select({ expires_at, revoked_at, now: clock })
    .from(apiTokens)
    .where(eq(apiTokens.token_id, token_id))
  // A restored backup may not have the row.
  return found ? endOf(found, found.now) : 'revoked'
}

function endOf(
  { revoked_at, expires_at }: Pick<ApiToken, 'revoked_at' | 'expires_at'>,
  now: number,
): TokenEnd | undefined {
  if (revoked_at !== null) return 'revoked'
  return now >= expires_at ? 'expired' : undefined
}

async function noteUse(db: Database, token_id: string): Promise<void> {
  const isOld = or(isNull(used_at), sql`${used_at} < ${clock} - ${NOTE_EVERY}::float8`)
  await db.orm
    .update(apiTokens)
    .set({ used_at: clock })
    .where(and(eq(apiTokens.token_id, token_id), isOld))
}

/** The secret has 256 random bits, so one round of SHA-256 is enough. */
function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
