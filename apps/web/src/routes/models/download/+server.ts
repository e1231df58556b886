import { csvRow, measuredJson } from '@bestmark/core'
import { error } from '@sveltejs/kit'
import type { Model } from '#lib/api.ts'
import type { RequestHandler } from './$types'

const TYPES = { csv: 'text/csv; charset=utf-8', json: 'application/json; charset=utf-8' }

const COLUMNS = [
  ...['model_name', 'deployment_id', 'rolls_back_to', 'status', 'job_id', 'job_name', 'host'],
  ...['attempt', 'step', 'path', 'absolute_path', 'digest', 'is_best', 'reason', 'by', 'why'],
  ...['approved_by', 'approved_at', 'withdrawn_by'],
  ...['created_at', 'ended_at', 'error'],
] as const satisfies readonly (keyof Model['history'][number])[]

/** The ledger of shipments as a file: CSV with one row per entry, or JSON with the decisions. */
export const GET: RequestHandler = async ({ locals, url }) => {
  const format = url.searchParams.get('format')
  if (format !== 'csv' && format !== 'json')
    error(400, 'Add format=csv or format=json to the address.')
  const listed = await locals.api.models.list()
  const read = listed.map(({ model_name }) => locals.api.models.get({ model_name }))
  const models = (await Promise.all(read)).filter((model) => model !== null)
  const body = format === 'csv' ? csvOf(models) : `${measuredJson(models, 2)}\n`
  const headers = {
    'content-type': TYPES[format],
    'content-disposition': `attachment; filename="models.${format}"`,
  }
  return new Response(body, { headers })
}

function csvOf(models: readonly Model[]): string {
  const head = csvRow([...COLUMNS, 'metric', 'value'])
  const rows = models.flatMap(({ history }) =>
    history.map((entry) => {
      const { metric, value } = entry.choice ?? {}
      return csvRow([...COLUMNS.map((name) => entry[name] ?? ''), metric ?? '', value ?? ''])
    }),
  )
  return [head, ...rows].join('')
}
