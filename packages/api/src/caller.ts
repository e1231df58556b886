import { includesScope, type Scope } from '@bestmark/core'
import { apiTokenEnd, apiTokenOf, type Database, isApiSecret, type TokenEnd } from '@bestmark/db'
import { TRPCError } from '@trpc/server'

/** Who calls a procedure: a person with the link of the board, or a program with a token. */
export interface Caller {
  kind: 'link' | 'token'
  /** Null for the link. */
  token_id: string | null
  /** The token's name; null for the link. */
  name: string | null
  scope: Scope
}

/** A person with the link may do everything. */
export const LINK: Caller = { kind: 'link', token_id: null, name: null, scope: 'admin' }

/** The program that sent a token, or why its token ended; undefined for another text. */
export async function tokenCaller(
  db: Database,
  shown: string | null,
): Promise<Caller | TokenEnd | undefined> {
  if (!isApiSecret(shown)) return undefined
  const token = await apiTokenOf(db, shown)
  if (typeof token !== 'object') return token
  const { token_id, name, scope } = token
  return { kind: 'token', token_id, name, scope }
}

const ENDED = {
  expired: 'This token has expired.',
  revoked: 'This token was revoked.',
}
const NEW_TOKEN = 'Make a new one on the machine of the board: bestmark tokens --new NAME'

/** The caller of a procedure that needs a scope. Throws UNAUTHORIZED or FORBIDDEN. */
export function requireScope(
  caller: Caller | TokenEnd | undefined,
  needed: Scope,
  procedure: string,
): Caller {
  if (caller === undefined) {
    throw new TRPCError({
      code: 'UNAUTHORIZED',
      message: 'Open the link that `bestmark up` printed, or send its token in a Bearer header.',
    })
  }
  if (typeof caller === 'string') {
    throw new TRPCError({ code: 'UNAUTHORIZED', message: `${ENDED[caller]} ${NEW_TOKEN}` })
  }
  if (includesScope(caller.scope, needed)) return caller
  const has = `The token "${caller.name}" has only the scope ${caller.scope}.`
  const message = `${procedure} needs the scope ${needed}. ${has} ${NEW_TOKEN} --scope ${needed}`
  throw new TRPCError({ code: 'FORBIDDEN', message })
}

/** How long a token that was found valid is not looked up again for a stream (ms). */
const LOOK_AGAIN = 5_000

/** The messages of a stream until the token of its reader ends; then it throws UNAUTHORIZED. */
export async function* whileValid<T>(
  db: Database,
  { token_id }: Caller,
  messages: AsyncIterable<T>,
  lookAgain = LOOK_AGAIN,
): AsyncGenerator<T, void> {
  let looked = Date.now()
  for await (const message of messages) {
    if (token_id !== null && Date.now() - looked >= lookAgain) {
      const end = await apiTokenEnd(db, token_id)
      if (end) requireScope(end, 'read', 'watch')
      looked = Date.now()
    }
    yield message
  }
}
