import { groupNamed, seriesGroups } from '#lib/job/seriesGroups.ts'
import { readJob } from '#lib/server/readJob.ts'
import { readSamples } from '#lib/server/readSamples.ts'
import type { PageServerLoad } from './$types'

/** The report is a document: the server renders it, and it has no script. */
export const csr = false

export const load: PageServerLoad = async ({ locals, params }) => {
  const snapshot = await readJob(locals.api, params.id, (names, deciding) => {
    const groups = seriesGroups(names, deciding)
    return groupNamed(groups, deciding?.replace(/^eval_/, '') ?? null).series
  })
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const warned = await locals.api.jobs.logs({ job_id: params.id, level: 'warning' })
  const samples = await readSamples(locals.api, params.id)
  return { ...snapshot, samples, warnings: warned.lines, printed_at: Date.now(), timeZone }
}
