import { backtestCsv, measuredJson } from '@bestmark/core'
import { error } from '@sveltejs/kit'
import { readQuery, runInput } from '#lib/backtest/backtestQuery.ts'
import type { RequestHandler } from './$types'

const TYPES = { csv: 'text/csv; charset=utf-8', json: 'application/json; charset=utf-8' }

/** A backtest as a file: CSV with one row per run and policy, or JSON. */
export const GET: RequestHandler = async ({ locals, url }) => {
  const format = url.searchParams.get('format')
  if (format !== 'csv' && format !== 'json')
    error(400, 'Add format=csv or format=json to the address.')
  const query = readQuery(url.searchParams)
  const backtest = await locals.api.backtest.run(runInput(query))
  const body = format === 'csv' ? backtestCsv(backtest) : `${measuredJson(backtest, 2)}\n`
  const name = `backtest-${query.target.replace(/[^\w.-]+/g, '_').slice(0, 80)}.${format}`
  const headers = {
    'content-type': TYPES[format],
    'content-disposition': `attachment; filename="${name}"`,
  }
  return new Response(body, { headers })
}
