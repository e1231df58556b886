import { readQuery } from '#lib/jobQuery.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url, depends }) => {
  depends('board:jobs')
  const query = readQuery(url.searchParams)
  const { status, project, search, sort, cursor } = query
  const page = await locals.api.jobs.list({
    status: status.length > 0 ? status : undefined,
    project: project || undefined,
    search: search || undefined,
    sort,
    cursor,
  })
  return { query, page }
}
