import { fullDisks, listTargets } from '@bestmark/db'
import { z } from 'zod'
import { Id, procedure, router } from './trpc.ts'

const HostInput = z.object({ host_id: Id.optional() })

export const hosts = router({
  /** Disks that are full, or were within the last day, of one host or of all. */
  fullDisks: procedure
    .input(HostInput.prefault({}))
    .query(({ ctx, input }) => fullDisks(ctx.db, input.host_id)),

  /** Where checkpoints can be shipped, of one host or of all. */
  targets: procedure
    .input(HostInput.prefault({}))
    .query(({ ctx, input }) => listTargets(ctx.db, input.host_id)),
})
