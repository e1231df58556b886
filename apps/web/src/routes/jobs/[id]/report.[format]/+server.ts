import { resolve } from '$app/paths'
import { jobJson, jobMarkdown, type JobReport } from '#lib/report/jobReport.ts'
import { readJob } from '#lib/server/readJob.ts'
import { reportFile } from '#lib/server/reportFile.ts'
import { wholeList } from '#lib/server/wholeList.ts'
import type { RequestHandler } from './$types'

/** The report of a job as one file. */
export const GET: RequestHandler = (event) => {
  const { locals, params } = event
  const read = async (): Promise<JobReport> => {
    const snapshot = await readJob(locals.api, params.id, () => [])
    const warned = await locals.api.jobs.logs({ job_id: params.id, level: 'warning' })
    const samples = await locals.api.samples.pair({ job_id: params.id })
    return { ...snapshot, samples, warnings: warned.lines }
  }
  return reportFile(event, params.format, resolve('/jobs/[id]/report', { id: params.id }), {
    md: async () => jobMarkdown(await read()),
    json: async () => {
      const decided = await wholeList(locals.api, params.id)
      return jobJson({ ...(await read()), decided })
    },
  })
}
