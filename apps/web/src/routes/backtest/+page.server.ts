import { readQuery } from '#lib/backtest/backtestQuery.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const query = readQuery(url.searchParams)
  const [targets, { jobs }] = await Promise.all([
    locals.api.backtest.targets({ project: query.project || undefined }),
    locals.api.jobs.list({ limit: 200 }),
  ])
  const projects = [...new Set(jobs.map(({ project }) => project))].filter(Boolean).sort()
  return { query, targets, projects }
}
