import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from '@bestmark/api/client'
import type { TrainingJobStatus } from '@bestmark/core'
import { expect, test } from 'vitest'
import { bestmark, boardEnv, startBoard, temporaryFolder } from './board.ts'

const FIRST_RUN = 'moby-char-lm'

/** Processes that a start left running: their command line names the data folder. */
function processesOf(home: string): string[] {
  return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(home))
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

test('start trains on an empty board beside its examples; Ctrl-C stops all processes within 5 s; a second start shows the same board', async () => {
  await using home = await temporaryFolder()
  const env = boardEnv(home.path)
  const board = await startBoard(env)
  const client = createClient(board)
  const job = await until(async (): Promise<TrainingJobStatus | undefined> => {
    const { jobs } = await client.jobs.list.query({})
    return jobs.find(({ name, best_step }) => name === FIRST_RUN && best_step !== null)
  })
  expect(job).toMatchObject({ status: 'running', total_steps: 1100 })
  const live = await fetch(`${board.url}/`, { headers: { authorization: `Bearer ${board.token}` } })
  expect(live.status).toBe(200)
  let deltas = 0
  client.watch.subscribe({ jobs: [job.job_id] }, { onData: () => deltas++ })
  await until(async () => deltas || undefined)

  const { code, milliseconds } = await board.interrupt()
  expect(code).toBe(0)
  expect(milliseconds).toBeLessThan(5000)
  expect(processesOf(home.path)).toEqual([])

  await using again = await startBoard(env)
  const { jobs } = await createClient(again).jobs.list.query({})
  const examples = await createClient(again).jobs.examples.query()
  expect(jobs.map(({ job_id }) => job_id).sort()).toEqual([job.job_id, ...examples].sort())
  const stopped = jobs.find(({ job_id }) => job_id === job.job_id)
  expect(stopped).toMatchObject({ job_id: job.job_id, status: 'stopped' })
  const { checkpoints } = await createClient(again).checkpoints.list.query({ job_id: job.job_id })
  const last = checkpoints.find(({ step }) => step === stopped?.current_step)
  expect(last).toMatchObject({ files_state: 'complete' })
  expect(await readdir(last!.absolute_path)).toContain('model.safetensors')
})

test('without the token every page and procedure answers 401', async () => {
  await using home = await temporaryFolder()
  await using board = await startBoard(boardEnv(home.path), ['--no-demo'])
  for (const path of ['/', '/jobs/x', '/jobs/x/report', '/trpc/jobs.list', '/trpc/watch']) {
    expect([path, (await fetch(board.url + path)).status]).toEqual([path, 401])
  }
  const wrong = { authorization: `Bearer ${board.token.replace(/.$/, 'x')}` }
  expect((await fetch(`${board.url}/trpc/jobs.list`, { headers: wrong })).status).toBe(401)
  const sent = get(`${board.url}/?token=${board.token}`, { headers: { accept: 'text/html' } })
  const [entered] = (await once(sent, 'response')) as [IncomingMessage]
  entered.resume()
  expect(entered.statusCode).toBe(303)
  expect(entered.headers.location).toBe('/')
  const cookie = entered.headers['set-cookie']?.join() ?? ''
  expect(cookie).toMatch(/HttpOnly/i)
  expect(cookie).toMatch(/SameSite=Lax/i)
  const page = await fetch(board.url, { headers: { cookie: cookie.split(';')[0] ?? '' } })
  expect(page.status).toBe(200)
})

test('with a HOST of other machines people sign in: the start says so, and how the first account is made', async () => {
  await using home = await temporaryFolder()
  const env = boardEnv(home.path, { HOST: '0.0.0.0' })
  await using board = await startBoard(env, ['--no-demo'])
  const lines = board.printed().split('\n')
  const shown = (word: string) => lines.find((line) => line.startsWith(word))
  expect(shown('accounts')).toBe(
    'accounts  HOST=0.0.0.0 can be reached from other machines, so people sign in.',
  )
  expect(board.printed()).toContain('The link of this board opens nothing now.')
  expect(board.printed()).toContain('warning   Passwords cross the network in clear text.')
  expect(shown('setup')).toBe(`setup     ${board.link}`)
  expect(new URL(board.link).pathname).toBe('/join')
  const file = await readFile(join(home.path, 'setup_token'), 'utf8')
  expect(file.trim()).toBe(board.token)
  // The token of a board on its own machine gives no access.
  const token = (await readFile(join(home.path, 'token'), 'utf8')).trim()
  for (const path of ['/', `/?token=${token}`]) {
    const headers = { authorization: `Bearer ${token}` }
    const answers = [await fetch(board.url + path), await fetch(board.url + path, { headers })]
    expect([path, ...answers.map(({ status }) => status)]).toEqual([path, 401, 401])
  }
  const link = await bestmark(['link'], boardEnv(home.path))
  expect(link.stdout.trim()).toBe(board.link)
})

test('a start that fails prints one sentence with the reason, and has an exit code', async () => {
  await using home = await temporaryFolder()
  await writeFile(join(home.path, 'file'), '')
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  for (const [more, message] of [
    [{ PORT: String(port) }, `Port ${port} is in use`],
    [{ PORT: 'zorp' }, 'PORT must be a number from 1 to 65535'],
    [{ BESTMARK_PROXIES: '127.0.0.1' }, 'BESTMARK_PROXIES needs BESTMARK_URL'],
    [{ HOST: '0.0.0.0', BESTMARK_TLS_CERT: 'x' }, 'must be set together'],
    [{ BESTMARK_HOME: join(home.path, 'file', 'below') }, 'The data folder'],
    [
      { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/none' },
      'No Postgres listens at 127.0.0.1:1',
    ],
  ] as const) {
    const { code, stdout, stderr } = await bestmark(['up'], boardEnv(home.path, more))
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stdout + stderr).not.toContain('secret')
    expect(code).not.toBe(0)
  }
  other.close()
})
