import { LONGEST_NAME, LONGEST_TOKEN, TOKEN_SCOPES } from '@bestmark/core'
import { createApiToken, listApiTokens, listAudit, revokeApiToken } from '@bestmark/db'
import { TRPCError } from '@trpc/server'
import { z } from 'zod'
import type { Caller } from './caller.ts'
import { Id, procedure, router } from './trpc.ts'

const ADMIN = { scope: 'admin' } as const

const AuditInput = z.object({
  /** Only entries before this one. */
  before: z.number().int().optional(),
  limit: z.number().int().min(1).max(200).default(50),
})

const NewToken = z.object({
  name: z.string().trim().min(1).max(100),
  scope: z.enum(TOKEN_SCOPES),
  days: z.number().int().min(1).max(LONGEST_TOKEN),
  /** With the scope `ingest`: the one job or the one project whose journals it may send. */
  job_id: Id.optional(),
  project: z.string().trim().min(1).max(LONGEST_NAME).optional(),
})

/** A token must not make others: they would be valid after it was revoked. */
function assertNoProgram({ kind }: Caller): void {
  if (kind !== 'token') return
  const message = 'A token cannot make tokens. A person makes one on the page Access.'
  throw new TRPCError({ code: 'FORBIDDEN', message })
}

/** Who may call the board, and who changed something. */
export const access = router({
  /** The tokens of programs, the newest first, without their secrets. */
  tokens: procedure.meta(ADMIN).query(({ ctx }) => listApiTokens(ctx.db)),

  /** Makes a token for a program; its secret is in this answer only. A program cannot make one. */
  makeToken: procedure
    .meta(ADMIN)
    .input(NewToken)
    .mutation(({ ctx, input }) => {
      assertNoProgram(ctx.caller)
      return createApiToken(ctx.db, input)
    }),

  /** Ends a token now. */
  revokeToken: procedure
    .meta(ADMIN)
    .input(z.object({ token_id: Id }))
    .mutation(({ ctx, input }) => revokeApiToken(ctx.db, input.token_id)),

  /** A page of the writes through the API, the newest first. */
  audit: procedure
    .meta(ADMIN)
    .input(AuditInput.prefault({}))
    .query(({ ctx, input }) => listAudit(ctx.db, input)),
})
