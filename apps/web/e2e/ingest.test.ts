import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findJobs, jobStatus, listCheckpoints, readSeries } from '@bestmark/db'
import type { TestDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, type IngestSite, ingestSite, jobIn, until } from './ingestSite.ts'

let site: IngestSite
let db: TestDatabase
let local: TestDatabase
let home: string

beforeAll(async () => {
  site = await ingestSite()
  ;({ db, local, home } = site)
})
afterAll(() => site[Symbol.asyncDispose]())

/** A training that logs each time a line comes in, until it gets `end` or is killed. */
const TRAINING = `
import sys, bestmark
bestmark.init(sys.argv[1], total_steps=600)
step = int(sys.argv[2])
for line in sys.stdin:
    if line == "end\\n": break
    for _ in range(100):
        step += 1
        bestmark.log({"loss": 1 / step, "lr": float("nan")}, step)
    bestmark.log({"eval_loss": 2 / step}, step)
    bestmark.checkpoint(f"{sys.argv[1]}/step-{step}", step)
    print(step, flush=True)
`

async function more(child: ChildProcess): Promise<void> {
  const printed = once(child.stdout ?? child, 'data')
  child.stdin?.write('more\n')
  await printed
}

async function recorded(on: TestDatabase, job_id: string) {
  const names = ['loss', 'lr', 'eval_loss']
  const series = await readSeries(on, job_id, { names, points: 10_000 })
  const checkpoints = await listCheckpoints(on, job_id)
  return {
    series: series.map(({ name, steps, values, times }) => ({ name, steps, values, times })),
    saved: checkpoints.map(({ attempt, step, path }) => ({ attempt, step, path })),
  }
}

test('a run whose client and server are killed has the points of its journal, each once', async () => {
  const folder = join(home, 'run')
  const killed = site.python(['-c', TRAINING, folder, '0'])
  await more(killed)
  await more(killed)
  await until(async () => (await readFile(join(folder, 'journal.jsonl'), 'utf8')).length > 1_000)
  const job_id = await jobIn(folder)
  await until(async () => ((await jobStatus(db, job_id))?.current_step ?? 0) >= 100)
  killed.kill('SIGKILL')
  await ended(killed)
  const resumed = site.python(['-c', TRAINING, folder, '200'])
  await more(resumed)
  await site.stopServer()
  await more(resumed)
  await site.startServer()
  await more(resumed)
  resumed.stdin?.write('end\n')
  expect(await ended(resumed)).toMatchObject({ code: 0 })
  // Two senders at once send what the board may not have yet.
  const senders = [1, 2].map(() => ended(site.python(['-m', 'bestmark', 'send', folder])))
  for (const { code, out } of await Promise.all(senders)) expect([out, code]).toEqual([out, 0])
  const status = await jobStatus(db, job_id)
  expect(status).toMatchObject({ project: 'asr', status: 'completed', current_step: 500 })

  expect(await ended(site.bestmarkLocal(['import', folder]))).toMatchObject({ code: 0 })
  expect(await recorded(db, job_id)).toEqual(await recorded(local, job_id))
}, 120_000)

test('a training whose board is away ends in time, and its journal is sent later', async () => {
  const folder = join(home, 'offline')
  // Nothing listens there.
  const offline = site.python(['-c', TRAINING, folder, '0'], 'http://127.0.0.1:9')
  await more(offline)
  offline.stdin?.write('end\n')
  const { code, out } = await ended(offline)
  expect([code, out]).toEqual([0, expect.stringContaining('python -m bestmark send')])
  const job_id = await jobIn(folder)
  expect(await jobStatus(db, job_id)).toBeUndefined()
  expect(await ended(site.python(['-m', 'bestmark', 'send', folder]))).toMatchObject({ code: 0 })
  expect(await jobStatus(db, job_id)).toMatchObject({ status: 'completed', current_step: 100 })
}, 60_000)

test('a journal of another project is refused with the reason', async () => {
  const folder = join(home, 'vision')
  const code = `import bestmark; bestmark.init(${JSON.stringify(folder)}, project="vision")`
  const ran = await ended(site.python(['-c', code]))
  expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('for the project "asr" only') })
  const sent = await ended(site.python(['-m', 'bestmark', 'send', folder]))
  expect(sent).toMatchObject({ code: 1, out: expect.stringContaining('for the project "asr"') })
  expect(await jobStatus(db, await jobIn(folder))).toBeUndefined()
}, 60_000)

/** Lightning counts the steps in its file from 0. */
const row = (step: number) => `0,${step - 1},${1 / step},\n0,${step - 1},,${2 / step}\n`

test('a host without a database whose watch is killed sends each point once', async () => {
  const folder = join(home, 'tree', 'csv')
  const file = join(folder, 'metrics.csv')
  await mkdir(folder, { recursive: true })
  await writeFile(file, `epoch,step,train_loss,val_loss\n${row(1)}`)
  const found = async () => (await findJobs(db, 'csv'))[0]
  for (let step = 2; step <= 6; step++) {
    const killed = site.watch(['tree'])
    await appendFile(file, row(step))
    // The third is killed before it can send anything.
    if (step !== 3) await until(async () => ((await found())?.current_step ?? 0) >= step)
    killed.kill('SIGKILL')
    await ended(killed)
  }
  await site.stopServer()
  await appendFile(file, row(7))
  expect(await ended(site.watch(['tree', '--once']))).toMatchObject({
    code: 2,
    out: expect.stringContaining('are sent when this command runs again'),
  })
  await site.startServer()
  // The run is gone meanwhile, but what was read of it is kept.
  await rename(join(home, 'tree'), join(home, 'gone'))
  await mkdir(join(home, 'tree'))
  const sent = await ended(site.watch(['tree', '--once', '--json']))
  expect(sent).toMatchObject({ code: 0, out: expect.stringContaining('"state":"sent"') })
  const job = await found()
  expect(job).toMatchObject({ project: 'asr', current_step: 7, eval_loss: 2 / 7 })
  const [loss] = await readSeries(db, job?.job_id ?? '', { names: ['loss'], points: 100 })
  expect([...(loss?.steps ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7])
}, 120_000)

test('a watch with an unknown token, or another server as its board, ends with the reason', async () => {
  const refused = await ended(site.watch(['tree'], { token: 'bestmark_wrong' }))
  expect(refused).toMatchObject({
    code: 2,
    out: expect.stringContaining('This board does not know the token'),
  })
  const other = site.watch([home], { to: `${site.url}/not-a-board` })
  const said = expect.stringContaining('not as a board that takes runs')
  expect(await ended(other)).toMatchObject({ code: 2, out: said })
}, 60_000)

/** A run with two checkpoints that have weights. */
const SAVING = `
import json, struct, sys, bestmark
bestmark.init(sys.argv[1])
head = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).ljust(80).encode()
for step in (1, 2):
    bestmark.log({"eval_loss": step}, step)
    path = f"{sys.argv[1]}/step-{step}.safetensors"
    open(path, "wb").write(struct.pack("<Q", 80) + head + struct.pack("<f", step))
    bestmark.checkpoint(path, step)
`

test('scores after the training of a run that its client sent are on the board as in a local import', async () => {
  const folder = join(home, 'scored')
  expect(await ended(site.python(['-c', SAVING, folder]))).toMatchObject({ code: 0 })
  const job_id = await jobIn(folder)
  const scores = async (on: TestDatabase) =>
    (await listCheckpoints(on, job_id)).map(({ step, values }) => [step, values['f1']])
  const score = async (...words: string[]) => {
    expect(await ended(site.host(['score', ...words]))).toMatchObject({ code: 0 })
    // The second time, the board has them already.
    for (const _again of [1, 2]) {
      expect(await ended(site.watch(['scored', '--once']))).toMatchObject({ code: 0 })
    }
  }
  const [one, two] = [1, 2].map((step) => join(folder, `step-${step}.safetensors`)) as [
    string,
    string,
  ]
  await score(one, 'f1=0.5')
  expect(await scores(db)).toEqual([
    [1, 0.5],
    [2, undefined],
  ])
  await score(two, 'f1=0.7')
  await score(one, '--retract')
  expect(await ended(site.bestmarkLocal(['import', folder]))).toMatchObject({ code: 0 })
  expect(await scores(db)).toEqual([
    [1, undefined],
    [2, 0.7],
  ])
  expect(await scores(db)).toEqual(await scores(local))
}, 120_000)
