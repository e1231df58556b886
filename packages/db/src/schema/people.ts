import type { Role } from '@bestmark/core'
import { boolean, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { milliseconds, moment, storableText } from './columns.ts'

// The library of the accounts reads and writes `people`, `sessions`, `sign_in_ways` and
// `sign_in_states` under these names of their columns. It calls each key `id`.

/** People with an account. A removed one stays, because the ledger and the audit name them. */
export const people = pgTable(
  'people',
  {
    id: uuid('person_id').primaryKey().defaultRandom(),
    name: storableText().notNull(),
    /** In lower case. */
    email: storableText().notNull(),
    /** Whether an admin or the provider of the sign-in vouches for the e-mail address. */
    email_verified: boolean().notNull(),
    image: text(),
    role: text().$type<Role>().notNull(),
    created_at: moment().notNull(),
    updated_at: moment().notNull(),
    /** A removed person cannot sign in. */
    removed_at: milliseconds(),
  },
  (row) => [uniqueIndex('people_email').on(row.email)],
)

const personId = () =>
  uuid()
    .notNull()
    .references(() => people.id, { onDelete: 'cascade' })

/** How a person signs in: with a password, or as an account of a provider. */
export const signInWays = pgTable(
  'sign_in_ways',
  {
    id: uuid('way_id').primaryKey().defaultRandom(),
    person_id: personId(),
    /** `credential` for a password. */
    provider_id: text().notNull(),
    /** The id of the person there. */
    account_id: text().notNull(),
    /** A digest of the password (scrypt, with its salt). */
    password: text(),
    /** What the provider gave. The board needs none of it, so these stay empty. */
    access_token: text(),
    refresh_token: text(),
    id_token: text(),
    access_token_expires_at: moment(),
    refresh_token_expires_at: moment(),
    scope: text(),
    created_at: moment().notNull(),
    updated_at: moment().notNull(),
  },
  (row) => [
    index('sign_in_ways_person').on(row.person_id),
    uniqueIndex('sign_in_ways_account').on(row.provider_id, row.account_id),
  ],
)

/** Sessions of browsers. A cookie has the token with a signature, whose key is not in the database. */
export const sessions = pgTable(
  'sessions',
  {
    id: uuid('session_id').primaryKey().defaultRandom(),
    person_id: personId(),
    token: text().notNull(),
    expires_at: moment().notNull(),
    ip_address: text(),
    user_agent: storableText(),
    created_at: moment().notNull(),
    updated_at: moment().notNull(),
  },
  (row) => [
    index('sessions_person').on(row.person_id),
    uniqueIndex('sessions_token').on(row.token),
  ],
)

/** Sign-ins that wait for the answer of a provider. */
export const signInStates = pgTable(
  'sign_in_states',
  {
    id: uuid('state_id').primaryKey().defaultRandom(),
    identifier: text().notNull(),
    value: text().notNull(),
    expires_at: moment().notNull(),
    created_at: moment().notNull(),
    updated_at: moment().notNull(),
  },
  (row) => [index('sign_in_states_identifier').on(row.identifier)],
)

/** Links that make an account or a new password, each once. */
export const invitations = pgTable(
  'invitations',
  {
    invitation_id: uuid().primaryKey().defaultRandom(),
    /** SHA-256 of the secret, in hexadecimal. */
    digest: text().notNull(),
    /** The person who gets a new password; null for a new person. */
    person_id: uuid().references(() => people.id, { onDelete: 'cascade' }),
    /** The address of a new person; null for the first one, who chooses it. */
    email: storableText(),
    role: text().$type<Role>().notNull(),
    created_at: milliseconds().notNull(),
    /** Null for the first person. */
    expires_at: milliseconds(),
    used_at: milliseconds(),
  },
  (row) => [uniqueIndex('invitations_digest').on(row.digest)],
)

/** Failed tries to sign in, per account and per address of the network. */
export const signInTries = pgTable('sign_in_tries', {
  /** A digest of what is counted. */
  key: text().primaryKey(),
  tries: integer().notNull(),
  /** When the first of them was. */
  since: milliseconds().notNull(),
})
