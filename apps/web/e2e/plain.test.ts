import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { openSite, type Site } from './site.ts'

let site: Site
let run: Run

beforeAll(async () => {
  site = await openSite()
  run = await (await new Run(site.db, 'plain').begin()).train([3, 2, 2.5])
})
afterAll(() => site[Symbol.asyncDispose]())

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${site.token}` }
  const answer = await fetch(site.url + path, { headers })
  return { status: answer.status, body: await answer.json() }
}

test('curl gets the best checkpoint as plain JSON', async () => {
  expect(await get('/api/v1/jobs/plain/best')).toMatchObject({
    status: 200,
    body: { job_id: run.job_id, best: { step: 200, value: 2 } },
  })
  expect(await get('/api/v1/openapi.json')).toMatchObject({
    status: 200,
    body: { openapi: '3.1.0', servers: [{ url: `${site.url}/api/v1` }] },
  })
  const refused = await fetch(`${site.url}/api/v1/jobs`)
  expect(await refused.json()).toMatchObject({ code: 'UNAUTHORIZED' })
  expect(await get('/api/v1/jobs?limit=0')).toMatchObject({ status: 400 })
})

const SOURCE = fileURLToPath(new URL('../../../clients/python/src', import.meta.url))
const READER = `
import bestmark, sys
job = bestmark.read(sys.argv[1]).job("plain")
print(job.best.step, job.best.value, job.history("loss").steps, list(job.history("eval_loss")))
print(list(job.output()))
for ask in (lambda: bestmark.read(sys.argv[1]).job("nobody"), lambda: job.history("los")):
    try:
        ask()
    except KeyError as error:
        print(error)
`
const python = process.env['BESTMARK_PYTHON']
const why = python ? '' : ' (skipped: BESTMARK_PYTHON names no Python)'

test.runIf(python)(`the Python client reads the board${why}`, async () => {
  const link = `${site.url}/?token=${site.token}`
  const env = { ...process.env, PYTHONPATH: SOURCE }
  const { stdout } = await promisify(execFile)(python ?? '', ['-c', READER, link], { env })
  expect(stdout.trim().split('\n')).toEqual([
    '200 2.0 [50, 100, 150, 200, 250, 300] [(100, 3.0), (200, 2.0), (300, 2.5)]',
    '[]',
    'There is no job nobody on this board.',
    expect.stringMatching(/^The job has no series los\. Did you mean loss\?/) as string,
  ])
})
