import type { Scope } from '@bestmark/core'
import { bigint, index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { milliseconds, plain, storableText } from './columns.ts'

/** Tokens for programs. The secret is not stored, only its digest. */
export const apiTokens = pgTable(
  'api_tokens',
  {
    token_id: uuid().primaryKey().defaultRandom(),
    name: storableText().notNull(),
    scope: text().$type<Scope>().notNull(),
    /** SHA-256 of the secret, in hexadecimal. */
    digest: text().notNull(),
    created_at: milliseconds().notNull(),
    expires_at: milliseconds().notNull(),
    /** Noted once per minute at most; null if it was never used. */
    used_at: milliseconds(),
    revoked_at: milliseconds(),
  },
  (row) => [uniqueIndex('api_tokens_digest').on(row.digest)],
)

/** Each write that somebody tried through the API. A trigger lets no row change or go away. */
export const auditLog = pgTable(
  'audit_log',
  {
    audit_id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: milliseconds().notNull(),
    /** The link of the board, or a token. */
    caller: text().$type<'link' | 'token'>().notNull(),
    token_id: uuid(),
    /** The token's name at that time; null for the link. */
    name: storableText(),
    procedure: text().notNull(),
    /** The ids and names in the input; other parts may have secrets. */
    subject: plain().$type<Record<string, string | string[]>>().notNull(),
    /** `done`, or the code of the error. Written once; null while it runs, or if the board died. */
    outcome: text(),
  },
  (row) => [index('audit_log_at').on(row.at)],
)
