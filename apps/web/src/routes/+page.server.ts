import { listInput, readQuery } from '#lib/jobs/jobQuery.ts'
import { boardPaths } from '#lib/server/paths.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const query = readQuery(url.searchParams)
  const [page, examples, disks, views] = await Promise.all([
    locals.api.jobs.list(listInput(query)),
    locals.api.jobs.examples(),
    locals.api.hosts.fullDisks(),
    locals.api.views.list(),
  ])
  // Shown on an empty board only.
  const paths = page.total === 0 ? boardPaths() : null
  return { listed: { query, page }, examples, disks, paths, views }
}
