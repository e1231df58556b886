import { listInput, readQuery } from '#lib/jobs/jobQuery.ts'
import { boardPaths } from '#lib/server/paths.ts'
import type { PageServerLoad } from './$types'

/** Whether a board has no job at all: only then its page tells how to get the first one. */
async function isNew(api: App.Locals['api']): Promise<boolean> {
  const shelves = await Promise.all(
    (['kept', 'deleted'] as const).map((shelf) => api.jobs.list({ shelf, limit: 1 })),
  )
  return shelves.every(({ total }) => total === 0)
}

export const load: PageServerLoad = async ({ locals, url }) => {
  const query = readQuery(url.searchParams)
  const [page, examples, disks, views] = await Promise.all([
    locals.api.jobs.list(listInput(query)),
    locals.api.jobs.examples(),
    locals.api.hosts.fullDisks(),
    locals.api.views.list(),
  ])
  const paths = page.total === 0 && (await isNew(locals.api)) ? boardPaths() : null
  return { listed: { query, page }, examples, disks, paths, views }
}
