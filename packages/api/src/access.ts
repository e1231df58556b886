import { listApiTokens, listAudit } from '@bestmark/db'
import { z } from 'zod'
import { procedure, router } from './trpc.ts'

const ADMIN = { scope: 'admin' } as const

const AuditInput = z.object({
  /** Only entries before this one. */
  before: z.number().int().optional(),
  limit: z.number().int().min(1).max(200).default(50),
})

/** Who may call the board, and who changed something. */
export const access = router({
  /** The tokens of programs, the newest first, without their secrets. */
  tokens: procedure.meta(ADMIN).query(({ ctx }) => listApiTokens(ctx.db)),

  /** A page of the writes through the API, the newest first. */
  audit: procedure
    .meta(ADMIN)
    .input(AuditInput.prefault({}))
    .query(({ ctx, input }) => listAudit(ctx.db, input)),
})
