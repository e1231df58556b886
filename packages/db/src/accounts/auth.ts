import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { betterAuth } from 'better-auth/minimal'
import type { Database } from '../connection/client.ts'
import { people, sessions, signInStates, signInWays } from '../schema.ts'
import { isRemoved, noteSignIn } from './sessionState.ts'
import { type OidcOptions, oidcPlugin, oidcRefusal } from './oidc.ts'

const DAY = 24 * 60 * 60
/** A session ends when it was not used for this long; use is noted once per day (s). */
const SESSION = { expiresIn: 30 * DAY, updateAge: DAY }

export interface AuthOptions {
  /** Signs the cookies. It is not in the database. */
  secret: string
  /** The address of the board, which browsers open. */
  url: string
  /** The name of its cookies, since boards of one machine share them. */
  cookiePrefix: string
  /** The header in which the server says the address of a client. */
  addressHeader: string
  oidc: OidcOptions | undefined
  onError: (message: string) => void
}

/** The path below which the library has its addresses. */
export const AUTH_PATH = '/sign-in'

/** The library that checks passwords, keeps sessions and speaks OIDC, over the tables of the board. */
export function authOf(db: Database, { oidc, ...options }: AuthOptions) {
  const { secret, url, cookiePrefix, addressHeader, onError } = options
  const isSecure = url.startsWith('https:')
  return betterAuth({
    secret,
    baseURL: url,
    basePath: AUTH_PATH,
    trustedOrigins: [new URL(url).origin],
    database: drizzleAdapter(db.orm, {
      provider: 'pg',
      schema: { people, sessions, sign_in_ways: signInWays, sign_in_states: signInStates },
      transaction: true,
    }),
    user: {
      ...NAMES.user,
      additionalFields: {
        role: { type: 'string', input: false, defaultValue: oidc?.role ?? 'viewer' },
        removed_at: { type: 'number', input: false, required: false },
      },
      validateUserInfo: ({ user }) => oidcRefusal(oidc, user),
    },
    session: { ...NAMES.session, ...SESSION },
    account: { ...NAMES.account, updateAccountOnSignIn: false },
    verification: NAMES.verification,
    databaseHooks: {
      account: { create: { before: async (way) => ({ data: { ...way, ...NO_TOKENS } }) } },
      session: {
        create: {
          before: async ({ userId }) => !(await isRemoved(db, userId)),
          after: ({ userId }) => noteSignIn(db, userId),
        },
      },
    },
    // Accounts are made by invitations, or by the provider.
    emailAndPassword: { enabled: true, disableSignUp: true },
    plugins: oidc ? [oidcPlugin(oidc)] : [],
    // The tries are counted in the database, per account, too.
    rateLimit: { enabled: false },
    onAPIError: { errorURL: `${url}${AUTH_PATH}` },
    telemetry: { enabled: false },
    logger: {
      level: 'error',
      // The details may have what a person entered.
      log: (_level, message) => onError(message),
    },
    advanced: {
      cookiePrefix,
      useSecureCookies: isSecure,
      database: { generateId: 'uuid' },
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
  })
}

const TIMES = { createdAt: 'created_at', updatedAt: 'updated_at' } as const

/** Our names of the tables and columns of the library. */
const NAMES = {
  user: { modelName: 'people', fields: { emailVerified: 'email_verified', ...TIMES } },
  session: {
    modelName: 'sessions',
    fields: {
      ...{ userId: 'person_id', expiresAt: 'expires_at', ...TIMES },
      ...{ ipAddress: 'ip_address', userAgent: 'user_agent' },
    },
  },
  account: {
    modelName: 'sign_in_ways',
    fields: {
      ...{ userId: 'person_id', providerId: 'provider_id', accountId: 'account_id', ...TIMES },
      ...{ accessToken: 'access_token', refreshToken: 'refresh_token', idToken: 'id_token' },
      accessTokenExpiresAt: 'access_token_expires_at',
      refreshTokenExpiresAt: 'refresh_token_expires_at',
    },
  },
  verification: { modelName: 'sign_in_states', fields: { expiresAt: 'expires_at', ...TIMES } },
} as const

/** The board calls nothing of the provider after the sign-in. */
const NO_TOKENS = { accessToken: null, refreshToken: null, idToken: null }

export type Auth = ReturnType<typeof authOf>
