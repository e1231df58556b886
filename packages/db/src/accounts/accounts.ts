import type { Role } from '@bestmark/core'
import { hashPassword, verifyPassword } from 'better-auth/crypto'
import { APIError } from 'better-auth/api'
import { and, eq } from 'drizzle-orm'
import { audited } from '../access/audit.ts'
import type { Database } from '../connection/client.ts'
import { signInWays } from '../schema.ts'
import { Refused } from '../values/refused.ts'
import { type Auth, AUTH_PATH, type AuthOptions, authOf } from './auth.ts'
import { acceptInvitation, assertPassword, type Entered, setPassword } from './invitations.ts'
import { OIDC } from './oidc.ts'
import { endSessions, type Person } from './people.ts'
import { beginTry, forgetTry } from './signInTries.ts'

/** A person whose browser is signed in. */
export interface SignedIn {
  person: Person
  session_id: string
  /** Cookies that the answer must set, if the session was renewed. */
  cookies: string[]
}

/** What a browser gets that signs in: its cookies, or why it gets none. */
export type SignIn = { cookies: string[] } | { refused: 'wrong' | 'tries' }

/** The accounts of a board: who is signed in, and how people sign in. */
export class Accounts {
  readonly #db: Database
  readonly #auth: Auth
  /** Whether people may sign in at a provider. */
  readonly hasProvider: boolean

  constructor(db: Database, options: AuthOptions) {
    this.#db = db
    this.#auth = authOf(db, options)
    this.hasProvider = options.oidc !== undefined
  }

  /** The person of a session cookie; undefined if there is none that is valid. */
  async signedIn(headers: Headers): Promise<SignedIn | undefined> {
    const reading = this.#auth.api.getSession({ headers, returnHeaders: true })
    const got = await reading.catch((error: unknown) => this.#causeOf(error))
    if (!got.response) return undefined
    const { session, user } = got.response
    // A session that was opened while its person was removed.
    if (typeof user.removed_at === 'number') return undefined
    // The column has no other values.
    const role = user.role as Role
    const person = { person_id: user.id, name: user.name, email: user.email, role }
    return { person, session_id: session.id, cookies: got.headers.getSetCookie() }
  }

  /**
   * Signs in with a password. The answer is the same for an unknown address and a wrong password.
   * `address` is that of the network.
   */
  async signIn(
    { email, password }: { email: string; password: string },
    { headers, address }: { headers: Headers; address: string },
  ): Promise<SignIn> {
    const attempt = { email, address }
    if (!(await beginTry(this.#db, attempt))) return { refused: 'tries' }
    try {
      const body = { email: email.trim(), password }
      const got = await this.#auth.api.signInEmail({ body, headers, returnHeaders: true })
      await forgetTry(this.#db, attempt)
      return { cookies: got.headers.getSetCookie() }
    } catch (error) {
      if (error instanceof APIError && error.statusCode < 500) return { refused: 'wrong' }
      return this.#causeOf(error)
    }
  }

  /** Throws the error of the database instead of the library's, which hides it. */
  async #causeOf(error: unknown): Promise<never> {
    await this.#db.sql`select 1`
    throw error
  }

  /** Accepts an invitation. Throws Refused for what cannot be accepted. */
  async accept(secret: string, entered: Entered): Promise<Person> {
    const subject = { email: entered.email }
    const who = { caller: 'person', token_id: null, person_id: null, name: entered.name } as const
    const accepting = () => acceptInvitation(this.#db, secret, entered, hashPassword)
    return audited(
      this.#db,
      { ...who, procedure: 'people.accept', subject },
      accepting,
      () => 'done',
    )
  }

  /** Replaces the password of a person who knows the present one. Throws Refused if not. */
  async changePassword(person: Person, present: string, next: string): Promise<void> {
    assertPassword(next)
    const attempt = { email: person.email, address: `password of ${person.person_id}` }
    if (!(await beginTry(this.#db, attempt))) {
      throw new Refused('Too many wrong passwords. Wait 15 minutes, then try again.')
    }
    if (!(await this.#isPassword(person, present))) {
      throw new Refused('The present password is wrong.')
    }
    await forgetTry(this.#db, attempt)
    const changing = async () =>
      this.#db.orm.transaction(async (tx) =>
        setPassword(tx, person.person_id, await hashPassword(next)),
      )
    await this.#note(person, 'people.changePassword', changing)
  }

  /** Whether a person can sign in with a password. */
  async hasPassword(person: Person): Promise<boolean> {
    return Boolean(await this.#passwordOf(person))
  }

  async #isPassword(person: Person, password: string): Promise<boolean> {
    const hash = await this.#passwordOf(person)
    return hash ? verifyPassword({ hash, password }) : false
  }

  async #passwordOf({ person_id }: Person): Promise<string | null | undefined> {
    const isOwn = and(eq(signInWays.person_id, person_id), eq(signInWays.provider_id, 'credential'))
    const [way] = await this.#db.orm.select().from(signInWays).where(isOwn)
    return way?.password
  }

  /** Signs a person out in all browsers. */
  async endSessions(person: Person): Promise<void> {
    const ending = async () => void (await endSessions(this.#db, person.person_id))
    await this.#note(person, 'people.endSessions', ending)
  }

  /** Ends the session of a browser; returns cookies that remove its cookies. */
  async signOut(headers: Headers): Promise<string[]> {
    const got = await this.#auth.api.signOut({ headers, returnHeaders: true })
    return got.headers.getSetCookie()
  }

  /** Where the provider asks who somebody is, and the cookies of this question. */
  async beginAtProvider(
    headers: Headers,
    to: string,
  ): Promise<{ location: string; cookies: string[] }> {
    const body = { provider: OIDC, callbackURL: to, errorCallbackURL: AUTH_PATH }
    const got = await this.#auth.api.signInSocial({ body, headers, returnHeaders: true })
    const location = got.response.url
    if (!location) throw new Error('The provider has no address to sign in.')
    return { location, cookies: got.headers.getSetCookie() }
  }

  /** Answers a browser that comes back from the provider. */
  async answerFromProvider(request: Request): Promise<Response> {
    return this.#auth.handler(request)
  }

  async #note(
    { person_id, name }: Person,
    procedure: string,
    write: () => Promise<void>,
  ): Promise<void> {
    const who = { caller: 'person', token_id: null, person_id, name } as const
    await audited(this.#db, { ...who, procedure, subject: {} }, write, () => 'done')
  }
}
