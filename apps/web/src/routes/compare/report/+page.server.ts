import { error } from '@sveltejs/kit'
import { compareInput, readQuery } from '#lib/comparison/compareQuery.ts'
import type { PageServerLoad } from './$types'

/** The report is a document: the server renders it, and it has no script. */
export const csr = false

export const load: PageServerLoad = async ({ locals, url }) => {
  const query = readQuery(url.searchParams)
  const input = compareInput(query)
  if (!input) error(400, 'Name what to compare: ?jobs=ID,ID or ?project=NAME.')
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const compared = await locals.api.jobs.compare(input)
  return { query, compared, printed_at: Date.now(), timeZone }
}
