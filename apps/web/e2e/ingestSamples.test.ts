import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findJobs, listSamples, sampleContent } from '@bestmark/db'
import type { TestDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, type IngestSite, ingestSite, jobIn, until } from './ingestSite.ts'

let site: IngestSite
beforeAll(async () => {
  site = await ingestSite()
})
afterAll(() => site[Symbol.asyncDispose]())

/** A training that logs an image per line that comes in, until it gets `end` or is killed. */
const PAINTING = `
import sys, bestmark
bestmark.init(sys.argv[1])
step = int(sys.argv[2])
for line in sys.stdin:
    if line == "end\\n": break
    step += 1
    bestmark.log({"loss": 1 / step}, step)
    image = b"\\x89PNG\\r\\n\\x1a\\n" + bytes([step]) * 200_000 + b"\\0\\0\\0\\0IEND\\xaeB\\x60\\x82"
    bestmark.sample(step, image=image, prompt="a red fox")
    print(step, flush=True)
`
/** Draws with a size that the board does not take, and one that is no image. */
const TOO_LARGE = `
import sys, bestmark
bestmark.init(sys.argv[1])
bestmark.sample(1, image=b"\\x89PNG\\r\\n\\x1a\\n" + bytes(5 << 20))
bestmark.sample(2, image=b"<svg/>")
`

async function paint(child: ChildProcess): Promise<void> {
  const printed = once(child.stdout ?? child, 'data')
  child.stdin?.write('more\n')
  await printed
}

/** What a board has of the samples of a job, with their files. */
async function samplesOn(db: TestDatabase, job_id: string) {
  const { samples } = await listSamples(db, job_id, { limit: 1_000 })
  return Promise.all(
    samples.map(async ({ sample_id, attempt, step, prompt, path, content_state, media_type }) => {
      const { content } = (await sampleContent(db, job_id, sample_id)) ?? {}
      const file = content && Buffer.from(content).toString('base64')
      return { sample_id, attempt, step, prompt, path, content_state, media_type, file }
    }),
  )
}
const statesOn = async (db: TestDatabase, job_id: string) =>
  (await samplesOn(db, job_id)).map(({ content_state }) => content_state)
const isStored = (count: number) => (states: string[]) =>
  states.filter((state) => state === 'stored').length >= count

test('images of a run whose client and server are killed are on the board as in the folder', async () => {
  const folder = join(site.home, 'painting')
  let painting = site.python(['-c', PAINTING, folder, '0'])
  await paint(painting)
  const job_id = await jobIn(folder)
  const stored = (count: number) => async () => isStored(count)(await statesOn(site.db, job_id))
  await until(stored(1))
  let step = 1
  for (let round = 0; round < 3; round++) {
    await paint(painting)
    await paint(painting)
    step += 2
    // At another instant in each round: while it sends, or before it began.
    await new Promise((done) => setTimeout(done, round * 900))
    painting.kill('SIGKILL')
    await ended(painting)
    if (round === 1) await site.stopServer()
    painting = site.python(['-c', PAINTING, folder, String(step)])
    await paint(painting)
    step += 1
    if (round === 1) await site.startServer()
  }
  painting.stdin?.write('end\n')
  expect(await ended(painting)).toMatchObject({ code: 0 })
  const senders = [1, 2].map(() => ended(site.python(['-m', 'bestmark', 'send', folder])))
  for (const { code, out } of await Promise.all(senders)) expect([out, code]).toEqual([out, 0])
  expect(await ended(site.bestmarkLocal(['import', folder]))).toMatchObject({ code: 0 })
  const sent = await samplesOn(site.db, job_id)
  expect(sent.map((one) => [one.step, one.content_state])).toEqual(
    Array.from({ length: step }, (_, index) => [index + 1, 'stored']),
  )
  expect(sent).toEqual(await samplesOn(site.local, job_id))
}, 120_000)

test('a file that is too large is told by the client and on the page, and the rest is sent', async () => {
  const folder = join(site.home, 'large')
  const { code, out } = await ended(site.python(['-c', TOO_LARGE, folder]))
  expect([code, out]).toEqual([0, expect.stringContaining('too_large')])
  const job_id = await jobIn(folder)
  expect(await statesOn(site.db, job_id)).toEqual(['too_large', 'not_media'])
}, 60_000)

test('images of a run that ended without a board are sent later, also those of another program', async () => {
  const folder = join(site.home, 'offline')
  const offline = site.python(['-c', PAINTING, folder, '0'], 'http://127.0.0.1:9')
  await paint(offline)
  offline.stdin?.write('end\n')
  await ended(offline)
  const png = await writeKohya(join(site.home, 'tree', 'kohya'))
  expect(await ended(site.python(['-m', 'bestmark', 'send', folder]))).toMatchObject({ code: 0 })
  expect(await statesOn(site.db, await jobIn(folder))).toEqual(['stored'])
  expect(await ended(site.watch(['tree', '--once']))).toMatchObject({ code: 0 })
  const { job_id = '' } = (await findJobs(site.db, 'kohya'))[0] ?? {}
  const samples = await samplesOn(site.db, job_id)
  expect(samples).toMatchObject([{ step: 500, content_state: 'stored', file: png }])
}, 120_000)

test('a sample that its program removed before the board was back is sent from its copy', async () => {
  const folder = join(site.home, 'rolling')
  const png = await writeKohya(folder)
  await site.stopServer()
  const watching = site.watch(['rolling'])
  await printed(watching, 'Sending rolling')
  const rolled = join(folder, 'sample', 'cat_000600_00_20240102030405_42.png')
  await writeFile(rolled, Buffer.from(png, 'base64'))
  const outbox = join(site.home, 'host', 'outbox')
  const copies = async () => (await readdir(outbox, { recursive: true })).filter(isCopy)
  await until(async () => (await copies()).length > 0)
  watching.kill('SIGKILL')
  await ended(watching)
  await rm(folder, { recursive: true })
  await site.startServer()
  await mkdir(folder)
  expect(await ended(site.watch(['rolling', '--once']))).toMatchObject({ code: 0 })
  const { job_id = '' } = (await findJobs(site.db, 'rolling'))[0] ?? {}
  const samples = await samplesOn(site.db, job_id)
  expect(samples).toContainEqual(expect.objectContaining({ step: 600, file: png }))
  expect(await copies()).toEqual([])
}, 120_000)

const isCopy = (path: string) => /samples.[\da-f-]{36}$/.test(path)

async function printed(child: ChildProcess, text: string): Promise<void> {
  for (let all = ''; !all.includes(text);) {
    const [bytes] = (await once(child.stderr ?? child, 'data')) as [Buffer]
    all += bytes.toString()
  }
}

/** Writes a run of another program with an image that is named by its step; returns the image. */
async function writeKohya(folder: string): Promise<string> {
  await mkdir(join(folder, 'sample'), { recursive: true })
  const rows = 'epoch,step,train_loss,val_loss\n0,499,0.5,\n0,499,,0.6\n'
  await writeFile(join(folder, 'metrics.csv'), rows)
  const image = await readFile(join(site.home, 'offline', 'bestmark-samples', 'step-1-0.png'))
  await writeFile(join(folder, 'sample', 'cat_000500_00_20240102030405_42.png'), image)
  return image.toString('base64')
}
