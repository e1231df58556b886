import { JOURNAL } from '@bestmark/core'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import {
  jobDetail,
  jobLogs,
  listJobs,
  readSeries,
  requestStop,
  seriesNames,
  sourceCursor,
} from '@bestmark/db'
import { beforeAll, expect, test } from 'vitest'
import { agentOf, testBoard } from '../../board/testing.ts'
import { importRun } from '../../recording/importRun.ts'
import { CLIENT } from '../../sources/programsTesting.ts'
import { eventually } from '../../testing.ts'
import { command } from '../testing.ts'
import { Watcher } from '../watch/watcher.ts'

const here = testBoard()

/**
 * A program that writes a journal with the given id or another one. After
 * step 3 it may wait for a file; it calls itself completed, and exits with a code.
 */
const PROGRAM = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
const [folder, id, code = '0', waits] = process.argv.slice(2)
const path = folder + '/journal.jsonl'
const append = (event) => appendFileSync(path, JSON.stringify({ at: Date.now(), ...event }) + '\\n')
const job_id = id === 'given' ? process.env.BESTMARK_JOB_ID : id
if (!existsSync(path)) writeFileSync(path, JSON.stringify({ journal: 1, job_id, name: 'own', project: 'own' }) + '\\n')
const attempt = readFileSync(path, 'utf8').split('"started"').length - 1
append({ type: 'started', attempt })
for (let step = 1; step <= 6; step++) {
  append({ type: 'metrics', attempt, step, values: { loss: 1 / step } })
  console.log(JSON.stringify({ step, loss: 99 }))
  if (step === 3 && waits) while (!existsSync(folder + '/go')) await new Promise((next) => setTimeout(next, 20))
}
append({ type: 'ended', attempt, status: 'completed' })
process.exitCode = Number(code)
`

let program: string
beforeAll(async () => {
  program = join(here.path, 'program.mjs')
  await writeFile(program, PROGRAM)
})

async function newFolder(name: string): Promise<string> {
  const folder = join(here.path, name)
  await mkdir(folder)
  return folder
}

const run = (folder: string, ...argv: string[]) =>
  command(['run', '--folder', folder, '--', ...argv], { env: here.env })

/** The one job of a folder. */
async function jobIn(folder: string) {
  const { jobs } = await listJobs(here.board.db, {})
  const found = jobs.filter(({ output_dir }) => output_dir === folder)
  expect(found.length, inspect(found)).toBeLessThanOrEqual(1)
  return found[0]
}

async function losses(job_id: string): Promise<number[]> {
  const [loss] = await readSeries(here.board.db, job_id, { names: ['loss'], points: 100 })
  return [...(loss?.values ?? [])]
}

const once = [1, 2, 3, 4, 5, 6].map((step) => 1 / step)

/** Imports and watches a folder, and expects the same job. */
async function expectSameJob(folder: string, job_id: string): Promise<void> {
  expect(await importRun(here.board, folder, {})).toMatchObject({ job_id })
  const watching = new Watcher(here.board, {}, { message: () => undefined, show: () => undefined })
  const over = new AbortController()
  await watching.look([folder], over.signal)
  over.abort()
  await watching.watch([folder], over.signal)
  expect(await jobIn(folder)).toMatchObject({ job_id })
}

test.each([
  ['uses the given id', 'given'],
  ['has another id', randomUUID()],
])(
  'a program whose journal %s is one job with its values while it trains, and fails by its exit code',
  async (name, id) => {
    const folder = await newFolder(name)
    const running = run(folder, 'node', program, folder, id, '1', 'waits')
    const job = await eventually(async () => {
      const found = await jobIn(folder)
      return found?.loss === 1 / 3 ? found : undefined
    })
    expect(job).toMatchObject({ status: 'running', current_step: 3 })
    await writeFile(join(folder, 'go'), '')
    expect((await running).code).toBe(1)
    await expectSameJob(folder, job.job_id)
    const ended = await jobIn(folder)
    expect(ended).toMatchObject({ status: 'failed', current_step: 6 })
    expect(ended?.error).toContain('exit code 1')
    expect(await losses(job.job_id)).toEqual(once)
  },
)

test('a folder with a recorded journal continues its job, with each point once', async () => {
  const folder = await newFolder('before')
  execFileSync('node', [program, folder, randomUUID()])
  const { job_id } = await importRun(here.board, folder, {})
  expect(await sourceCursor(here.board.db, job_id, JOURNAL)).not.toBeNull()
  const header = JSON.parse((await readFile(join(folder, JOURNAL), 'utf8')).split('\n')[0] ?? '')
  expect(job_id).toBe(header.job_id)
  await run(folder, 'node', program, folder, 'given')
  await expectSameJob(folder, job_id)
  const [loss] = await seriesNames(here.board.db, job_id)
  expect(loss).toMatchObject({ name: 'loss', count: 2 * once.length })
  const detail = await jobDetail(here.board.db, job_id)
  expect(detail?.attempts.map(({ status }) => status)).toEqual(['completed', 'completed'])
})

test('a job can be stopped on the board only while bestmark run runs its program', async () => {
  const folder = await newFolder('without')
  await run(folder, 'node', program, folder, 'given')
  const { job_id } = (await jobIn(folder))!
  const isStoppable = async () => (await jobDetail(here.board.db, job_id))?.is_stoppable
  expect(await isStoppable()).toBe(true)
  execFileSync('node', [program, folder, 'given'])
  await importRun(here.board, folder, {})
  expect((await jobIn(folder))?.status).toBe('completed')
  expect(await isStoppable()).toBe(false)
  await expect(requestStop(here.board.db, job_id)).rejects.toThrow()
})

test('an agent and the command together record each point once', async () => {
  await using _agent = agentOf(here.board)
  const folder = await newFolder('beside')
  const running = run(folder, 'node', program, folder, 'given', '0', 'waits')
  const job = await eventually(async () => {
    const found = await jobIn(folder)
    return found?.loss === 1 / 3 ? found : undefined
  })
  expect((await jobDetail(here.board.db, job.job_id))?.is_stoppable).toBe(true)
  await writeFile(join(folder, 'go'), '')
  await running
  expect(await jobIn(folder)).toMatchObject({ status: 'completed' })
  expect(await losses(job.job_id)).toEqual(once)
})

const python = process.env['BESTMARK_PYTHON'] ?? anyPython()

function anyPython(): string | undefined {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' })
    return 'python3'
  } catch {
    return undefined
  }
}

const CLIENT_PROGRAM = `
import sys
import bestmark
bestmark.init(sys.argv[1], total_steps=6)
for step in range(1, 7):
    bestmark.log({"loss": 1 / step}, step=step)
bestmark.log({"eval_loss": 0.5}, step=6)
sys.exit(1)
`

test.skipIf(!python)(
  `a program with the Python client is one job, and fails by its exit code${python ? '' : ' (skipped: there is no python3)'}`,
  async () => {
    const folder = await newFolder('python')
    const script = join(here.path, 'client.py')
    await writeFile(script, CLIENT_PROGRAM)
    const env = { ...here.env, PYTHONPATH: join(CLIENT, 'src') }
    const words = ['run', '--name', 'python', '--folder', folder, '--', python!, script, folder]
    const { code } = await command(words, { env })
    expect(code).toBe(1)
    const job = (await here.jobNamed('python'))!
    expect(job).toMatchObject({ status: 'failed', loss: 1 / 6, eval_loss: 0.5, total_steps: 6 })
    await expectSameJob(folder, job.job_id)
    expect(await losses(job.job_id)).toEqual(once)
  },
)

const CLIENT_OVERFLOW = `
import os, sys
import bestmark
from bestmark import journal
journal.ROOM = 10
folder = sys.argv[1]
bestmark.init(folder)
os.rename(folder, folder + ".away")
for step in range(1, 41): bestmark.log({"loss": 1 / step}, step=step)
bestmark._reporter.journal.flush()
os.rename(folder + ".away", folder)
bestmark.log({"eval_loss": 0.5}, step=40)
`

test.skipIf(!python)(
  `what the Python client could not write is a warning of the job${python ? '' : ' (skipped: there is no python3)'}`,
  async () => {
    const folder = await newFolder('overflow')
    const env = { ...here.env, PYTHONPATH: join(CLIENT, 'src') }
    execFileSync(python!, ['-c', CLIENT_OVERFLOW, folder], { env, stdio: 'ignore' })
    const { job_id } = await importRun(here.board, folder, {})
    const [warned] = await jobLogs(here.board.db, job_id, { level: 'warning' })
    const kept = (await losses(job_id)).length
    expect(kept).toBeLessThan(40)
    expect(warned?.text).toContain(`Missing from here on: ${40 - kept} calls with metrics.`)
    expect(await jobIn(folder)).toMatchObject({ status: 'completed', eval_loss: 0.5 })
  },
)
