import { InputRefused, LIVE, wire } from '@bestmark/core'
import { type Database, HeldBack, jobStatus, JobUnknown, Refused } from '@bestmark/db'
import { initTRPC, TRPCError } from '@trpc/server'
import type { OpenApiMeta } from 'trpc-to-openapi'
import { z, ZodError } from 'zod'
import { issueSentence } from './issueSentence.ts'
import { unavailable } from './unavailable.ts'

/** The context of every procedure: the open database, and whether the caller sent the token. */
export interface Context {
  db: Database
  authorized: boolean
}

/** An id as the database writes it; upper and lower case are accepted. */
export const Id = z.uuid().toLowerCase()

const t = initTRPC
  .context<Context>()
  .meta<OpenApiMeta>()
  .create({
    transformer: wire,
    isDev: false,
    errorFormatter: ({ shape, error }) => ({
      ...shape,
      message: sentenceOf(error),
      // What held an order back, for programs.
      data: {
        ...shape.data,
        ...(error.cause instanceof HeldBack && { checks: error.cause.checks }),
      },
    }),
    sse: {
      // Missing pings show that a connection died; the client then reconnects.
      ping: { enabled: true, intervalMs: LIVE.pingMs },
      client: { reconnectAfterInactivityMs: LIVE.silentMs },
    },
  })

export const { router, createCallerFactory } = t

/** A procedure that requires the token. */
export const procedure = t.procedure.use(async ({ ctx, type, next }) => {
  if (!ctx.authorized) {
    throw new TRPCError({
      code: 'UNAUTHORIZED',
      message: 'Open the link that `bestmark up` printed, or send its token in a Bearer header.',
    })
  }
  // A subscription has no time limit; its own queries fail if the database does.
  const work = type === 'subscription' ? next() : ctx.db.whileAnswering(() => next())
  const result = await work.catch((error: unknown) => {
    throw unavailable(error) ?? error
  })
  if (!result.ok) throw coded(result.error)
  return result
})

/** A procedure about one job, which must be on the board. */
export const jobProcedure = procedure
  .input(z.object({ job_id: Id }))
  .use(async ({ ctx, input, next }) => {
    if (!(await jobStatus(ctx.db, input.job_id))) throw new JobUnknown(input.job_id)
    return next()
  })

/** The error with the code that fits its cause. */
function coded(error: TRPCError): TRPCError {
  const { cause } = error
  if (cause instanceof JobUnknown) {
    return new TRPCError({ code: 'NOT_FOUND', message: cause.message, cause })
  }
  if (cause instanceof Refused) {
    return new TRPCError({ code: 'BAD_REQUEST', message: cause.message, cause })
  }
  return unavailable(cause) ?? error
}

/** The message for the caller. Internal errors go to the server's log, with their cause. */
function sentenceOf({ code, cause, message }: TRPCError): string {
  if (cause instanceof ZodError) {
    const [issue] = cause.issues
    return issue ? issueSentence(issue) : 'The input is not valid.'
  }
  // The message of a parser is internal, so it is replaced.
  const isRaw = code === 'BAD_REQUEST' && cause && !(cause instanceof InputRefused)
  if (isRaw && !(cause instanceof Refused)) return 'The input cannot be read.'
  if (code !== 'INTERNAL_SERVER_ERROR') return message
  return 'The board has an internal error. Its log has the details.'
}
