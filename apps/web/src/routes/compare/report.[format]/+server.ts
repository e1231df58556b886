import { resolve } from '$app/paths'
import { error } from '@sveltejs/kit'
import { compareInput, querySearch, readQuery } from '#lib/comparison/compareQuery.ts'
import { comparisonJson, comparisonMarkdown } from '#lib/report/comparisonReport.ts'
import { reportFile } from '#lib/server/reportFile.ts'
import type { RequestHandler } from './$types'

/** The report of a comparison as one file. */
export const GET: RequestHandler = (event) => {
  const { locals, params, url } = event
  const query = readQuery(url.searchParams)
  const input = compareInput(query)
  if (!input) error(400, 'Name what to compare: ?jobs=ID,ID or ?project=NAME.')
  const read = () => locals.api.jobs.compare(input)
  return reportFile(event, params.format, resolve(`/compare/report?${querySearch(query)}`), {
    md: async () => comparisonMarkdown(await read(), Date.now()),
    json: async () => comparisonJson(await read(), Date.now()),
  })
}
