import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { createDeployment, listDeployments } from '@bestmark/db'
import { expect } from 'vitest'
import { command } from '../../commands/testing.ts'
import { why } from '../../s3/testing.ts'
import { storeTests, weightsOf } from '../../s3/storedTesting.ts'
import { shipNext } from '../../shipping/shipping.ts'
import { writeFiles, writeOutput } from '../../testing.ts'

const { here, store, put, s3test, bestmark } = storeTests()

/** 4 MB, of which only both ends are read. */
const WEIGHTS = weightsOf(1_000_000)
const LOSSES = [3, 1, 2]
const saves = LOSSES.map((_, index) => 100 * (index + 1))
const log = saves.flatMap((step, index): Record<string, number>[] => [
  { step, loss: 1 + (LOSSES[index] ?? NaN) },
  { step, eval_loss: LOSSES[index] ?? NaN },
])

/** A run of HuggingFace on the disk, and the same files in the bucket. */
async function inBoth(
  name: string,
  count = saves.length,
): Promise<{ folder: string; uri: string }> {
  const folder = join(here.path, name)
  await writeOutput(folder, { saves: saves.slice(0, count), log: log.slice(0, 2 * count) })
  for (const step of saves.slice(0, count))
    await writeFiles(folder, { [`checkpoint-${step}/model.safetensors`]: WEIGHTS })
  await upload(folder, name)
  return { folder, uri: `s3://models/${name}` }
}

async function upload(folder: string, key: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) await put(`${key}/${relative(folder, path)}`, await readFile(path))
  }
}

async function picked(path: string) {
  const { code, stdout, stderr } = await bestmark('pick', path, '--json')
  return { code, stderr, answer: stdout === '' ? {} : JSON.parse(stdout) }
}

s3test(`a run in S3 gives the answer of the same run on the disk${why}`, async () => {
  const { folder, uri } = await inBoth('both')
  const onDisk = await bestmark('pick', folder, '--json')
  store.proxy.answered = 0
  const inStore = await bestmark('pick', uri, '--json')
  expect(inStore.code).toBe(0)
  expect(JSON.parse(inStore.stdout)).toEqual(JSON.parse(onDisk.stdout.replaceAll(folder, uri)))
  expect(store.proxy.answered).toBeLessThan(WEIGHTS.length)
})

s3test(
  `weights in S3 that are cut short are not chosen, and the answer names the next${why}`,
  async () => {
    const { uri } = await inBoth('cut')
    await put('cut/checkpoint-200/model.safetensors', WEIGHTS.subarray(0, 3_000_000))
    const { answer } = await picked(uri)
    expect(answer.best_checkpoint_path).toBe(`${uri}/checkpoint-300`)
  },
)

s3test(
  `a run in S3 is one job, grows when it is imported again, and its best is shipped${why}`,
  async () => {
    const { uri } = await inBoth('job', 1)
    expect((await bestmark('import', uri)).stderr).toBe('')
    const before = await here.jobNamed('job')
    expect(before).toMatchObject({ output_dir: uri, best_checkpoint_path: `${uri}/checkpoint-100` })
    await rm(join(here.path, 'job'), { recursive: true })
    await inBoth('job')
    await bestmark('import', uri)
    const after = await here.jobNamed('job')
    expect(after).toMatchObject({
      job_id: before?.job_id,
      best_checkpoint_path: `${uri}/checkpoint-200`,
    })
    await bestmark('import', uri.replace('s3:', 's3a:'))
    expect(await here.jobNamed('job')).toMatchObject({ job_id: before?.job_id })
    await bestmark('import', uri)
    expect(await here.jobNamed('job')).toEqual({ ...after, eta_seconds: null })
    const { job_id = '', best_checkpoint_id } = after ?? {}
    const order = { job_id, checkpoint_id: best_checkpoint_id ?? '', model_name: 'stored' }
    await createDeployment(here.board.db, order)
    const signal = new AbortController().signal
    await shipNext(here.board.db, here.board.host_id, here.env.BESTMARK_HOME, signal)
    const [shipped] = await listDeployments(here.board.db, { model_name: 'stored' })
    expect([shipped?.status, shipped?.error]).toEqual(['done', null])
  },
)

s3test(
  `what cannot be read in S3 is said with the address, and leaves no files behind${why}`,
  async () => {
    const [nothing, noRun] = ['s3://models/nothing', 's3://models/no-run']
    await put('no-run/notes.txt', Buffer.from('hello'))
    expect(await picked(nothing)).toMatchObject({
      code: 2,
      stderr: '',
      answer: { error: `There is nothing at ${nothing}.` },
    })
    const { code, answer } = await picked(noRun)
    expect(code).toBe(2)
    expect(answer.error).toContain(`No training run found in ${noRun}.`)
    expect(answer.error).not.toContain('bestmark-s3-')
  },
)

s3test(
  `an object with the name of a folder of the run does not hide the folder${why}`,
  async () => {
    const { uri } = await inBoth('two-kinds')
    await put('two-kinds/checkpoint-200', Buffer.from('a mark of the folder'))
    const { answer } = await picked(uri)
    expect(answer.best_checkpoint_path).toBe(`${uri}/checkpoint-200`)
  },
)

s3test(`a URI whose names lead out of the copy is refused${why}`, async () => {
  const { code, answer } = await picked('s3://models/a/../../../outside')
  expect([code, answer.error]).toEqual([2, expect.stringContaining('has the part "..".')])
})

s3test(`of several runs below a URI, the answer gives a command that works${why}`, async () => {
  await inBoth('several/a')
  await inBoth('several/b')
  for (const command of ['pick', 'import']) {
    const { code, stdout, stderr } = await bestmark(command, 's3://models/several')
    expect(code).toBe(2)
    const said = stdout + stderr
    expect(said).toContain('Give one of them, such as s3://models/several/a.')
    expect(said).not.toContain('bestmark import s3://models/several.')
  }
})

s3test(
  `a copy that fails leaves nothing behind, also of what was still being copied${why}`,
  async () => {
    const TMPDIR = join(here.path, 'temporary')
    await mkdir(TMPDIR, { recursive: true })
    const numbers = Array.from({ length: 40 }, (_, index) => index)
    for (const number of numbers) await put(`failing/${number}/train.log`, Buffer.from('step 1'))
    store.proxy.fault = (seen) =>
      seen.startsWith('GET /models/failing/0/') ? { status: 403 } : undefined
    const words = ['pick', 's3://models/failing']
    const { code } = await command(words, { cwd: here.path, env: { ...here.env, TMPDIR } })
    store.proxy.fault = () => undefined
    expect(code).toBe(2)
    const requests = store.proxy.seen.length
    await expect.poll(() => readdir(TMPDIR)).toEqual([])
    // Nothing goes on afterwards.
    expect(store.proxy.seen).toHaveLength(requests)
  },
)
