import { includesScope, ROLE_SCOPES, ROLES, type Scope, type TokenScope } from '@bestmark/core'
import {
  apiTokenEnd,
  apiTokenOf,
  type Database,
  isApiSecret,
  isSessionOpen,
  type Person,
  type TokenEnd,
} from '@bestmark/db'
import { TRPCError } from '@trpc/server'

/** Who calls a procedure. */
export interface Caller {
  /** Somebody with the link of the board, a program with a token, or a person with an account. */
  kind: 'link' | 'token' | 'person'
  token_id: string | null
  person_id: string | null
  /** The session of the person's browser. */
  session_id: string | null
  /** The name of the token or the person; null for the link. */
  name: string | null
  scope: TokenScope
  /** The one job, or the one project, whose journals a caller of the scope `ingest` may send. */
  job_id: string | null
  project: string | null
}

/** Why nobody calls. Undefined where the link opens the board, and it was not shown. */
export type NoCaller = TokenEnd | 'signed_out' | undefined

const NOBODY = {
  token_id: null,
  person_id: null,
  session_id: null,
  name: null,
  job_id: null,
  project: null,
}

/** A person with the link may do everything. */
export const LINK: Caller = { ...NOBODY, kind: 'link', scope: 'admin' }

/** The program that sent a token, or why its token ended; undefined for another text. */
export async function tokenCaller(
  db: Database,
  shown: string | null,
): Promise<Caller | TokenEnd | undefined> {
  if (!isApiSecret(shown)) return undefined
  const token = await apiTokenOf(db, shown)
  if (typeof token !== 'object') return token
  const { token_id, name, scope, job_id, project } = token
  return { ...NOBODY, kind: 'token', token_id, name, scope, job_id, project }
}

/** A person whose browser is signed in. */
export function personCaller({ person_id, name, role }: Person, session_id: string): Caller {
  return { ...NOBODY, kind: 'person', person_id, session_id, name, scope: ROLE_SCOPES[role] }
}

/** The name that a decision keeps: that of the person, otherwise the given one. */
export function decidedBy<Given extends string | undefined>(
  { kind, name }: Caller,
  given: Given,
): Given | string {
  return kind === 'person' && name !== null ? name : given
}

/** The name that a decision keeps, and the account of the person; null without one. */
export function deciderOf(
  caller: Caller,
  given: string | undefined,
): { by: string | undefined; person_id: string | null } {
  return { by: decidedBy(caller, given), person_id: caller.person_id }
}

const NEW_TOKEN = 'Make a new one on the machine of the board: bestmark tokens --new NAME'
const ENDED = {
  expired: `This token has expired. ${NEW_TOKEN}`,
  revoked: `This token was revoked. ${NEW_TOKEN}`,
  signed_out: 'Sign in, or send the token of a program in a Bearer header.',
}

/** The caller of a procedure that needs a scope. Throws UNAUTHORIZED or FORBIDDEN. */
export function requireScope(caller: Caller | NoCaller, needed: Scope, procedure: string): Caller {
  if (caller === undefined) {
    throw new TRPCError({
      code: 'UNAUTHORIZED',
      message: 'Open the link that `bestmark up` printed, or send its token in a Bearer header.',
    })
  }
  if (typeof caller === 'string') {
    throw new TRPCError({ code: 'UNAUTHORIZED', message: ENDED[caller] })
  }
  if (includesScope(caller.scope, needed)) return caller
  throw new TRPCError({ code: 'FORBIDDEN', message: refusalOf(caller, needed, procedure) })
}

function refusalOf({ kind, name, scope }: Caller, needed: Scope, procedure: string): string {
  if (kind === 'person') {
    const roleOf = (one: TokenScope) => ROLES.find((role) => ROLE_SCOPES[role] === one)
    return `${procedure} needs the role ${roleOf(needed)}. ${name} has the role ${roleOf(scope)}. Ask an admin.`
  }
  const has = `The token "${name}" has only the scope ${scope}.`
  return `${procedure} needs the scope ${needed}. ${has} ${NEW_TOKEN} --scope ${needed}`
}

/** How long a caller who was found to have access is not looked up again for a stream (ms). */
const LOOK_AGAIN = 5_000

/** The messages of a stream until the access of its reader ends; then it throws UNAUTHORIZED. */
export async function* whileValid<T>(
  db: Database,
  caller: Caller,
  messages: AsyncIterable<T>,
  lookAgain = LOOK_AGAIN,
): AsyncGenerator<T, void> {
  let looked = Date.now()
  for await (const message of messages) {
    if (Date.now() - looked >= lookAgain) {
      const end = await endOf(db, caller)
      if (end) requireScope(end, 'read', 'watch')
      looked = Date.now()
    }
    yield message
  }
}

async function endOf(
  db: Database,
  { token_id, session_id }: Caller,
): Promise<Exclude<NoCaller, undefined> | undefined> {
  if (token_id !== null) return apiTokenEnd(db, token_id)
  if (session_id === null) return undefined
  return (await isSessionOpen(db, session_id)) ? undefined : 'signed_out'
}
