import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  findJobs,
  jobLogs,
  jobStatus,
  listCheckpoints,
  listSamples,
  readSeries,
} from '@bestmark/db'
import type { TestDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, type IngestSite, ingestSite, until } from './ingestSite.ts'

let site: IngestSite
beforeAll(async () => {
  site = await ingestSite()
  await writeFile(join(site.home, 'train.mjs'), TRAINING)
})
afterAll(() => site[Symbol.asyncDispose]())

/** Six steps in a table of the folder that it chooses; before the fourth it may wait for a file. */
const TRAINING = `
import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
const [folder, code, go] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const log = (line) => appendFileSync(folder + '/metrics.csv', line + '\\n')
log('epoch,step,train_loss,val_loss')
for (let step = 1; step <= 6; step++) {
  if (step === 4 && go) while (!existsSync(go)) await new Promise((next) => setTimeout(next, 20))
  log('0,' + (step - 1) + ',' + 1 / step + ',')
  log('0,' + (step - 1) + ',,' + 2 / step)
  console.log('step ' + step + ' is done')
}
process.exit(Number(code))
`
const STEPS = [1, 2, 3, 4, 5, 6]

/** Starts the training under `bestmark run --to` in a folder; \`go\` lets it pass its fourth step. */
function run(name: string, { code = 0, go = '', to = site.url, token }: Started = {}) {
  const program = ['node', 'train.mjs', name, String(code), go]
  return site.host(['run', '--name', name, '--to', to, '--', ...program.filter(Boolean)], token)
}
interface Started {
  code?: number
  go?: string
  to?: string
  token?: string
}

const jobNamed = async (name: string) => (await findJobs(site.db, name))[0]

/** What a board has of a job. */
async function recorded(on: TestDatabase, job_id: string) {
  const series = await readSeries(on, job_id, { names: ['loss', 'eval_loss'], points: 100 })
  const lines = await jobLogs(on, job_id, { limit: 100 })
  const saved = await listCheckpoints(on, job_id)
  const { status, end_cause, total_steps } = (await jobStatus(on, job_id)) ?? {}
  return {
    ...{ status, end_cause, total_steps },
    series: series.map(({ name, steps, values }) => [name, [...steps], [...values]]),
    lines: lines.map(({ text }) => text),
    saved: saved.map(({ step, path }) => [step, path]),
  }
}

/** What a machine with a database has of a folder. */
async function imported(folder: string, name: string) {
  const words = ['import', join(site.home, folder)]
  expect(await ended(site.bestmarkLocal(words))).toMatchObject({ code: 0 })
  const job = (await findJobs(site.local, name))[0]
  return recorded(site.local, job?.job_id ?? '')
}

async function printed(child: ChildProcess, text: string): Promise<void> {
  let all = ''
  while (!all.includes(text)) {
    const [bytes] = (await once(child.stdout ?? child, 'data')) as [Buffer]
    all += bytes.toString()
  }
}

test('a program under bestmark run --to is on the board as it goes on, and its exit code is kept', async () => {
  const running = run('live', { code: 7, go: 'live.go' })
  await until(async () => ((await jobNamed('live'))?.current_step ?? 0) >= 3)
  await writeFile(join(site.home, 'live.go'), '')
  expect(await ended(running)).toMatchObject({ code: 7 })
  const job = await jobNamed('live')
  expect(job).toMatchObject({ project: 'asr', status: 'failed', current_step: 6 })
  const sent = await recorded(site.db, job?.job_id ?? '')
  expect(sent.series).toContainEqual(['loss', STEPS, STEPS.map((step) => 1 / step)])
  expect(sent.lines).toContain('step 6 is done')
  expect(sent).toEqual(await imported('live', 'live'))
}, 120_000)

test('without a board the program runs, and the command that it names sends the rest', async () => {
  await site.stopServer()
  const { code, out } = await ended(run('away', { code: 3 }))
  const words = `watch ${join(site.home, 'away')} --to ${site.url} --once`
  expect([code, out]).toEqual([3, expect.stringContaining(`bestmark ${words}`)])
  await site.startServer()
  expect(await ended(site.host(words.split(' ')))).toMatchObject({ code: 0 })
  const job = await jobNamed('away')
  expect(job).toMatchObject({ status: 'failed', current_step: 6 })
  expect(await recorded(site.db, job?.job_id ?? '')).toEqual(await imported('away', 'away'))
}, 120_000)

test('if bestmark run is killed, its program goes on, and the rest is sent once later', async () => {
  const running = run('killed', { go: 'killed.go' })
  await printed(running, 'step 3 is done')
  await until(async () => ((await jobNamed('killed'))?.current_step ?? 0) >= 1)
  running.kill('SIGKILL')
  await ended(running)
  await writeFile(join(site.home, 'killed.go'), '')
  const send = () => ended(site.watch(['killed', '--once']))
  await until(async () => {
    expect(await send()).toMatchObject({ code: 0 })
    return (await jobNamed('killed'))?.current_step === 6
  })
  const job = await jobNamed('killed')
  const sent = await recorded(site.db, job?.job_id ?? '')
  expect(sent.series).toContainEqual(['loss', STEPS, STEPS.map((step) => 1 / step)])
  expect(await findJobs(site.db, 'killed')).toHaveLength(1)
}, 120_000)

/** A training with the Python client, which draws an image. */
const CLIENT = `
import bestmark
bestmark.init()
for step in (1, 2, 3):
    bestmark.log({"eval_loss": 1 / step}, step)
bestmark.sample(3, image=b"\\x89PNG\\r\\n\\x1a\\n" + bytes(9) + b"\\0\\0\\0\\0IEND\\xaeB\\x60\\x82")
print("trained")
`

test('the journal and the images of a Python client in the program are one job with its output', async () => {
  await writeFile(join(site.home, 'client.py'), CLIENT)
  const words = ['run', '--name', 'client', '--to', site.url, '--', site.program, 'client.py']
  const { code, out } = await ended(site.host(words))
  expect([code, out]).toEqual([0, expect.stringContaining('trained')])
  const jobs = await findJobs(site.db, 'client')
  expect(jobs).toMatchObject([{ project: 'asr', status: 'completed', current_step: 3 }])
  const job_id = jobs[0]?.job_id ?? ''
  expect((await recorded(site.db, job_id)).lines).toContain('trained')
  const { samples } = await listSamples(site.db, job_id)
  expect(samples).toMatchObject([{ step: 3, content_state: 'stored' }])
}, 120_000)

test('a run in a folder that only its script names is one job, also sent again from elsewhere and imported', async () => {
  const script = CLIENT.replace('init()', 'init("of-script")')
  await writeFile(join(site.home, 'script.py'), script)
  const words = ['run', '--name', 'script', '--to', site.url, '--', site.program, 'script.py']
  expect(await ended(site.host(words))).toMatchObject({ code: 0 })
  const [job] = await findJobs(site.db, 'script')
  const again = ['watch', 'of-script', '--to', site.url, '--once']
  expect(await ended(site.host(again, undefined, 'another home'))).toMatchObject({ code: 0 })
  const imported = site.bestmarkLocal(['import', join(site.home, 'of-script')], site.db)
  expect(await ended(imported)).toMatchObject({ code: 0 })
  expect(await findJobs(site.db, 'script')).toMatchObject([{ job_id: job?.job_id }])
  expect(await findJobs(site.db, 'of-script')).toEqual([])
  const { series } = await recorded(site.db, job?.job_id ?? '')
  expect(series).toContainEqual(['eval_loss', [1, 2, 3], [1, 1 / 2, 1 / 3]])
}, 120_000)

test('an unknown token does not stop the program, but an address that can be no board does', async () => {
  const { code, out } = await ended(run('unknown', { code: 4, token: 'bestmark_wrong' }))
  expect([code, out]).toEqual([4, expect.stringContaining('This board does not know the token')])
  await mkdir(join(site.home, 'never'), { recursive: true })
  const refused = await ended(run('never/started', { to: 'board' }))
  expect(refused).toMatchObject({ code: 2, out: expect.stringContaining('--to must be') })
  expect(await jobNamed('unknown')).toBeUndefined()
}, 120_000)
