import { Direction } from '@bestmark/core'
import { backtestJobs, backtestTargets } from '@bestmark/db'
import { z } from 'zod'
import { procedure, router } from './trpc.ts'

const Project = z.object({ project: z.string().optional() })

const RunInput = Project.extend({
  /** A metric as logged or without its split, `task`, or several of these with commas. */
  target: z.string().min(1).max(1_000),
  metric: z.string().max(300).optional(),
  direction: Direction.optional(),
})

export const backtest = router({
  /** Replays every policy over the finished jobs of the board, or of one project. */
  run: procedure.input(RunInput).query(({ ctx, input }) => backtestJobs(ctx.db, input)),

  /** The metrics that finished jobs measured, the most frequent first. */
  targets: procedure
    .input(Project.prefault({}))
    .query(({ ctx, input }) => backtestTargets(ctx.db, input.project)),
})
