import { listInput, readQuery } from '#lib/jobQuery.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const query = readQuery(url.searchParams)
  return { listed: { query, page: await locals.api.jobs.list(listInput(query)) } }
}
