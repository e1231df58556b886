import { listViews, removeView, saveView } from '@bestmark/db'
import { z } from 'zod'
import { Id, procedure, router } from './trpc.ts'

const View = z.object({ name: z.string().trim().min(1).max(100), query: z.string().max(8_000) })

/** Views of the list that people saved by name. */
export const views = router({
  list: procedure.query(({ ctx }) => listViews(ctx.db)),

  /** Saves a view; one of the same name is replaced. Answers with all views. */
  save: procedure.input(View).mutation(async ({ ctx, input }) => {
    await saveView(ctx.db, input)
    return listViews(ctx.db)
  }),

  /** Removes a view. Answers with all views. */
  remove: procedure.input(z.object({ view_id: Id })).mutation(async ({ ctx, input }) => {
    await removeView(ctx.db, input.view_id)
    return listViews(ctx.db)
  }),
})
