import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => {
  const [rules, messages, { jobs }] = await Promise.all([
    locals.api.alerts.rules.list(),
    locals.api.alerts.list(),
    locals.api.jobs.list({ limit: 200 }),
  ])
  const projects = [...new Set(jobs.map(({ project }) => project))].filter(Boolean).sort()
  return { rules, messages, projects }
}
