import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDeployment, currentFiles, listDeployments, recordHostAlive } from '@bestmark/db'
import { expect } from 'vitest'
import { why } from '../s3/testing.ts'
import { storeTests, weightsOf } from '../s3/storedTesting.ts'
import { shipNext } from './shipping.ts'

const { here, store, put, s3test, save, train, bestmark } = storeTests()
const never = new AbortController().signal
const ship = (signal = never) =>
  shipNext(here.board.db, here.board.host_id, here.env.BESTMARK_HOME, signal)

/** 20 MB are three pieces. */
const WEIGHTS = weightsOf(5_000_000)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** A run on the board whose best checkpoint is in S3, and its order as a model of the same name. */
async function ordered(name: string, files: Record<string, Buffer | string>) {
  const uri = await save(`${name}/checkpoint-1`, files)
  await train(name, [`1=1=${uri}`])
  await bestmark('import', name)
  const order = async () => {
    const job = await here.jobNamed(name)
    const { job_id = '', best_checkpoint_id, best_checkpoint_path } = job ?? {}
    expect(best_checkpoint_path).toBe(uri)
    const checkpoint_id = best_checkpoint_id ?? ''
    await createDeployment(here.board.db, { job_id, checkpoint_id, model_name: name })
  }
  await order()
  const folder = join(here.env.BESTMARK_HOME, 'models', name)
  const now = async () => (await listDeployments(here.board.db, { model_name: name }))[0]
  const names = async () => (await readdir(folder).catch(() => [])).sort()
  return { uri, folder, now, names, order }
}

s3test(
  `a checkpoint in S3 is downloaded, checked and made live, as one on disk${why}`,
  async () => {
    const files = { 'model.safetensors': WEIGHTS, 'config.json': '{}', 'optimizer.pt': 'state' }
    const { uri, folder, now } = await ordered('whole', files)
    store.proxy.answered = 0
    await ship()
    const { status, error, bytes_done, bytes_total } = (await now()) ?? {}
    expect([status, error]).toEqual(['done', null])
    expect(bytes_done).toBe(bytes_total)
    const live = join(folder, 'current')
    expect((await readdir(live)).sort()).toEqual([
      'bestmark.json',
      'config.json',
      'model-index.yaml',
      'model.safetensors',
    ])
    expect(sha256(await readFile(join(live, 'model.safetensors')))).toBe(sha256(WEIGHTS))
    const manifest = JSON.parse(await readFile(join(live, 'bestmark.json'), 'utf8'))
    expect(manifest).toMatchObject({ source: uri, left_out: [{ name: 'optimizer.pt' }] })
    expect(manifest.files['model.safetensors']).toBe(sha256(WEIGHTS))
    // Every byte is downloaded once.
    expect(store.proxy.answered).toBeLessThan(WEIGHTS.length * 1.05)
  },
)

s3test(`a broken connection repeats only the piece that it broke${why}`, async () => {
  const { now } = await ordered('shaky', { 'model.safetensors': WEIGHTS })
  let pieces = 0
  store.proxy.answered = 0
  store.proxy.fault = (seen) => {
    const isPiece = seen.startsWith('GET /models/shaky/checkpoint-1/model')
    return isPiece && ++pieces === 3 ? 'drop' : undefined
  }
  await ship()
  store.proxy.fault = () => undefined
  expect((await now())?.status).toBe('done')
  expect(store.proxy.answered).toBeLessThan(WEIGHTS.length * 1.05)
})

s3test(`an object that is written during the copy changes nothing that is live${why}`, async () => {
  const { now, names } = await ordered('written', { 'model.safetensors': WEIGHTS })
  store.proxy.fault = async (seen) => {
    if (!seen.startsWith('HEAD')) return undefined
    store.proxy.fault = () => undefined
    await put('written/checkpoint-1/model.safetensors', weightsOf(5_000_000, 2))
    return undefined
  }
  store.proxy.answered = 0
  await ship()
  expect(await now()).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('changed during the copy'),
  })
  expect(store.proxy.answered).toBeLessThan(100_000)
  expect(await names()).toEqual([])
})

s3test(`bytes that differ from the checksum of the object are not shipped${why}`, async () => {
  const { now, names, uri, order } = await ordered('damaged', { 'model.safetensors': weightsOf(9) })
  const wrong = { 'x-amz-meta-sha256': sha256(Buffer.from('other')) }
  await put('damaged/checkpoint-1/model.safetensors', weightsOf(9), wrong)
  await ship()
  expect(await now()).toMatchObject({
    status: 'failed',
    error: expect.stringContaining(`${uri}/model.safetensors was damaged`),
  })
  expect(await names()).toEqual([])
  await put('damaged/checkpoint-1/model.safetensors', weightsOf(9))
  await order()
  await ship()
  expect((await now())?.status).toBe('done')
})

s3test(`a stopped agent leaves no unfinished files, and the next one ships it${why}`, async () => {
  const { now, names } = await ordered('stopped', { 'model.safetensors': WEIGHTS })
  const stop = new AbortController()
  let pieces = 0
  store.proxy.fault = (seen) => {
    if (seen.startsWith('GET /models/stopped/checkpoint-1/model') && ++pieces === 4) stop.abort()
    return undefined
  }
  await ship(stop.signal)
  store.proxy.fault = () => undefined
  expect([(await now())?.status, await names()]).toEqual(['copying', []])
})

s3test(`a store that does not answer fails the order with its reason${why}`, async () => {
  const { now } = await ordered('gone', { 'model.safetensors': weightsOf(9) })
  const { AWS_SECRET_ACCESS_KEY: before } = process.env
  process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong'
  await ship()
  process.env['AWS_SECRET_ACCESS_KEY'] = before
  const { status, error } = (await now()) ?? {}
  expect([status, error]).toEqual(['failed', expect.stringContaining('credentials')])
  const { best_checkpoint_path, job_id = '' } = (await here.jobNamed('gone')) ?? {}
  expect(best_checkpoint_path).toBe('s3://models/gone/checkpoint-1')
  // What was found out before is still true.
  const [files] = await currentFiles(here.board.db, job_id)
  expect(files).toMatchObject({ files_state: 'complete', signature: expect.any(String) })
})

s3test(
  `a checkpoint in a store that is not read is chosen, and an order names rclone mount${why}`,
  async () => {
    await train('other', ['1=2=gs://bucket/run/checkpoint-1', '2=1=gs://bucket/run/checkpoint-2'])
    const { code, stdout, stderr } = await bestmark('pick', 'other')
    expect(stderr).toContain('The files of gs://bucket/run/checkpoint-2 were not checked:')
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'gs://bucket/run/checkpoint-2'])
    await bestmark('import', 'other')
    const refused = await bestmark('deploy', 'other')
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('`rclone mount`')
  },
)

s3test(`another host than the one that trained ships a checkpoint in S3${why}`, async () => {
  const { uri } = await ordered('elsewhere', { 'model.safetensors': weightsOf(9) })
  const [host_id, home] = [randomUUID(), join(here.path, 'server')]
  await recordHostAlive(here.board.db, { host_id, hostname: 'server' })
  const { code, stderr } = await bestmark(
    'deploy',
    'elsewhere',
    '--as',
    'served',
    '--host',
    'server',
  )
  expect([code, stderr]).toEqual([0, expect.stringContaining('Ordered: step 1 of elsewhere')])
  await shipNext(here.board.db, host_id, home, never)
  const [entry] = await listDeployments(here.board.db, { model_name: 'served' })
  expect(entry).toMatchObject({ status: 'done', host: 'server', path: uri })
  const live = await readFile(join(home, 'models', 'served', 'current', 'model.safetensors'))
  expect(sha256(live)).toBe(sha256(weightsOf(9)))
  await ship()
  const unknown = await bestmark('deploy', 'elsewhere', '--host', 'nowhere')
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('server (')])
})

s3test(`prune keeps what is in a store and removes nothing there${why}`, async () => {
  const uris = await Promise.all(
    [1, 2, 3].map((step) =>
      save(`kept/checkpoint-${step}`, { 'model.safetensors': weightsOf(step) }),
    ),
  )
  await train(
    'kept',
    uris.map((uri, at) => `${at + 1}=${3 - at}=${uri}`),
  )
  const { code, stdout } = await bestmark(
    'prune',
    'kept',
    '--yes',
    '--keep-best',
    '1',
    '--keep-last',
    '1',
  )
  expect(code).toBe(1)
  expect(stdout).toContain('Bestmark removes nothing')
  expect(store.proxy.seen.filter((one) => one.startsWith('DELETE'))).toEqual([])
})
