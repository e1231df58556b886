import { groupNamed, seriesGroups } from '#lib/job/seriesGroups.ts'
import { readJob } from '#lib/server/readJob.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, params, url, untrack }) => {
  // The page itself reads other series when it is asked to show them.
  const show = untrack(() => url.searchParams.get('show'))
  return readJob(locals.api, params.id, (names, deciding) => {
    return groupNamed(seriesGroups(names, deciding), show).series
  })
}
