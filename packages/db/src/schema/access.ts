import type { TokenScope } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import { bigint, check, index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { milliseconds, plain, storableText } from './columns.ts'

/** Tokens for programs. The secret is not stored, only its digest. */
export const apiTokens = pgTable(
  'api_tokens',
  {
    token_id: uuid().primaryKey().defaultRandom(),
    name: storableText().notNull(),
    scope: text().$type<TokenScope>().notNull(),
    /** Of the scope `ingest`: the one job or the one project whose journals it may send. */
    job_id: uuid(),
    project: storableText(),
    /** SHA-256 of the secret, in hexadecimal. */
    digest: text().notNull(),
    created_at: milliseconds().notNull(),
    expires_at: milliseconds().notNull(),
    /** Noted once per minute at most; null if it was never used. */
    used_at: milliseconds(),
    revoked_at: milliseconds(),
  },
  (row) => [
    uniqueIndex('api_tokens_digest').on(row.digest),
    check(
      'api_tokens_limit',
      sql`num_nonnulls(${row.job_id}, ${row.project}) = (case when ${row.scope} = 'ingest' then 1 else 0 end)`,
    ),
  ],
)

/** Each write that somebody tried through the API. A trigger lets no row change or go away. */
export const auditLog = pgTable(
  'audit_log',
  {
    audit_id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: milliseconds().notNull(),
    /** The link of the board, a token, a person, or a command on the machine of the board. */
    caller: text().$type<'link' | 'token' | 'person' | 'command'>().notNull(),
    token_id: uuid(),
    person_id: uuid(),
    /** The name of the token, the person or the machine's user at that time; null for the link. */
    name: storableText(),
    procedure: text().notNull(),
    /** The ids and names in the input; other parts may have secrets. */
    subject: plain().$type<Record<string, string | string[]>>().notNull(),
    /** `done`, or the code of the error. Written once; null while it runs, or if the board died. */
    outcome: text(),
  },
  (row) => [index('audit_log_at').on(row.at)],
)
