import { wire } from '@bestmark/core'
import { type Database, JobUnknown, Refused } from '@bestmark/db'
import { initTRPC, TRPCError } from '@trpc/server'

/** What every procedure is given: the open database, and whether the caller showed the token. */
export interface Context {
  db: Database
  authorized: boolean
}

const t = initTRPC.context<Context>().create({
  transformer: wire,
  // Browsers and proxies drop silent streams; a client that missed two pings connects again.
  sse: {
    ping: { enabled: true, intervalMs: 5_000 },
    client: { reconnectAfterInactivityMs: 12_000 },
  },
})

export const { router, createCallerFactory } = t

/** A procedure for holders of the token; what people did wrong reaches them as a sentence. */
export const procedure = t.procedure.use(async ({ ctx, next }) => {
  if (!ctx.authorized) {
    throw new TRPCError({
      code: 'UNAUTHORIZED',
      message: 'Open the link that `bestmark up` printed, or send its token as Bearer.',
    })
  }
  const result = await next()
  if (!result.ok) throw told(result.error)
  return result
})

/** The error with the code that its cause deserves. */
export function told(error: TRPCError): TRPCError {
  const { cause } = error
  if (cause instanceof JobUnknown) {
    return new TRPCError({ code: 'NOT_FOUND', message: cause.message, cause })
  }
  if (cause instanceof Refused) {
    return new TRPCError({ code: 'BAD_REQUEST', message: cause.message, cause })
  }
  return error
}
