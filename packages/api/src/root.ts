import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import { access } from './access.ts'
import { alerts } from './alerts.ts'
import { backtest } from './backtest.ts'
import { checkpoints } from './checkpoints.ts'
import { deployments } from './deployments.ts'
import { hosts } from './hosts.ts'
import { jobs } from './jobs.ts'
import { models } from './models.ts'
import { people } from './people.ts'
import { policies } from './policies.ts'
import { recipes } from './recipes.ts'
import { samples } from './samples.ts'
import { series } from './series.ts'
import { createCallerFactory, router } from './trpc.ts'
import { views } from './views.ts'
import { watch, watchMany } from './watch.ts'

export const appRouter = router({
  access,
  alerts,
  jobs,
  hosts,
  series,
  samples,
  checkpoints,
  people,
  policies,
  recipes,
  backtest,
  deployments,
  models,
  views,
  watch,
  watchMany,
})

export type AppRouter = typeof appRouter
export type RouterInputs = inferRouterInputs<AppRouter>
export type RouterOutputs = inferRouterOutputs<AppRouter>

/** Calls procedures on the server itself, without HTTP. */
export const createCaller = createCallerFactory(appRouter)

export type { Context } from './trpc.ts'
