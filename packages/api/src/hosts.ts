import { fullDisks } from '@bestmark/db'
import { z } from 'zod'
import { Id, procedure, router } from './trpc.ts'

const DisksInput = z.object({ host_id: Id.optional() })

export const hosts = router({
  /** Disks that are full, or were within the last day, of one host or of all. */
  fullDisks: procedure
    .input(DisksInput.prefault({}))
    .query(({ ctx, input }) => fullDisks(ctx.db, input.host_id)),
})
