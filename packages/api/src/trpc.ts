import { InputRefused, LIVE, type Scope, wire } from '@bestmark/core'
import {
  audited,
  type Database,
  HeldBack,
  jobStatus,
  JobUnknown,
  NoAgent,
  NotApproved,
  Refused,
  type Replica,
} from '@bestmark/db'
import { getTRPCErrorFromUnknown, initTRPC, type ProcedureType, TRPCError } from '@trpc/server'
import type { OpenApiMeta } from 'trpc-to-openapi'
import { z, ZodError } from 'zod'
import { type Caller, type NoCaller, requireScope, whileValid } from './caller.ts'
import { issueSentence } from './issueSentence.ts'
import { readFrom } from './reading.ts'
import { oneOfMany } from './streams.ts'
import { subjectOf } from './subject.ts'
import { unavailable } from './unavailable.ts'

/** The context of every procedure: the open database, and who calls. */
export interface Context {
  db: Database
  /** A copy of it, for queries and subscriptions. */
  replica?: Replica | undefined
  caller: Caller | NoCaller
}

/** Facts of a procedure. */
export interface Meta extends OpenApiMeta {
  /** What its caller needs. Default: `read` for a query or subscription, `write` for a mutation. */
  scope?: Scope
}

/** An id as the database writes it; upper and lower case are accepted. */
export const Id = z.uuid().toLowerCase()

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer: wire,
    isDev: false,
    errorFormatter: ({ shape, error }) => ({
      ...shape,
      message: sentenceOf(error),
      // What held an order back, or why it is not approved, for programs.
      data: {
        ...shape.data,
        ...(error.cause instanceof HeldBack && { checks: error.cause.checks }),
        ...(error.cause instanceof NoAgent && { files_unchecked: error.cause.code }),
        ...(error.cause instanceof NotApproved && { not_approved: error.cause.code }),
      },
    }),
    sse: {
      // Missing pings show that a connection died; the client then reconnects.
      ping: { enabled: true, intervalMs: LIVE.pingMs },
      client: { reconnectAfterInactivityMs: LIVE.silentMs },
    },
  })

export const { router, createCallerFactory } = t

/** What the caller of a procedure needs. */
export function neededScope(type: ProcedureType, meta?: Meta): Scope {
  return meta?.scope ?? (type === 'mutation' ? 'write' : 'read')
}

/** A procedure that checks the scope of its caller. A write is in the audit. */
export const procedure = t.procedure.use(async ({ ctx, type, path, meta, getRawInput, next }) => {
  const { db, replica } = ctx
  const caller = requireScope(ctx.caller, neededScope(type, meta), path)
  const answer = () => next({ ctx: { caller } })
  const answerBy = (reader: Database) => next({ ctx: { caller, db: reader } })
  if (type === 'subscription') {
    // A subscription has no time limit; its own queries fail if the database does.
    const reader = await replica?.reader()
    const result = await reachable(() => answerBy(reader ?? db))
    if (!result.ok) throw coded(result.error)
    const all = result.data as AsyncIterable<unknown>
    const isLink = caller.kind === 'link'
    const messages = isLink ? all : oneOfMany(caller, whileValid(db, caller, all))
    return { ...result, data: codedStream(messages) }
  }
  const write = async () => {
    const { kind, token_id, person_id, name } = caller
    const subject = subjectOf(await getRawInput())
    const entry = { caller: kind, token_id, person_id, name, procedure: path, subject }
    const outcomeOf = (done: Awaited<ReturnType<typeof answer>>) =>
      done.ok ? 'done' : coded(done.error).code
    return audited(db, entry, answer, outcomeOf).finally(() => replica?.wrote())
  }
  const read = () => readFrom(db, replica, answerBy)
  const result = await reachable(type === 'mutation' ? () => db.whileAnswering(write) : read)
  if (!result.ok) throw coded(result.error)
  return result
})

/** Does some work; where the database cannot be reached, the error says so. */
async function reachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unavailable(error) ?? error
  }
}

/** A procedure about one job, which must be on the board. */
export const jobProcedure = procedure
  .input(z.object({ job_id: Id }))
  .use(async ({ ctx, input, next }) => {
    if (!(await jobStatus(ctx.db, input.job_id))) throw new JobUnknown(input.job_id)
    return next()
  })

/** The messages of a stream, whose errors have the codes of those of a call. */
async function* codedStream<T>(messages: AsyncIterable<T>): AsyncGenerator<T, void> {
  try {
    yield* messages
  } catch (error) {
    throw coded(getTRPCErrorFromUnknown(error))
  }
}

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
