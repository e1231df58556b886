import { expect, test } from 'vitest'
import { why } from '../s3/testing.ts'
import { storeTests, weightsOf } from '../s3/storedTesting.ts'
import { inspectCheckpoint } from './inspect.ts'
import { torchFile } from './testing.ts'

const { here, store, put, s3test, save, train, bestmark } = storeTests()
const look = (uri: string) => inspectCheckpoint(here.path, uri, null)

/** 8 MB. */
const WEIGHTS = weightsOf(2_000_000)
const index = (...parts: string[]) => {
  return JSON.stringify({ weight_map: Object.fromEntries(parts.map((part) => [part, part])) })
}

s3test(
  `a checkpoint in S3 is complete by its list and its headers, without a download${why}`,
  async () => {
    const uri = await save('a/checkpoint-1', { 'model.safetensors': WEIGHTS, 'config.json': '{}' })
    store.proxy.answered = 0
    const seen = await look(uri)
    expect(seen).toMatchObject({
      ...{ files_state: 'complete', files_why: null, kind: 'full', bytes: WEIGHTS.length + 2 },
      serving: { has: ['config.json'], is_named_for_transformers: true },
    })
    expect(store.proxy.answered).toBeLessThan(50_000)
    store.proxy.answered = 0
    store.proxy.seen.length = 0
    const again = await inspectCheckpoint(here.path, uri, null, { previous: seen })
    expect(again).toMatchObject({ files_state: 'complete', signature: seen.signature })
    // Unchanged files cost one request.
    expect(store.proxy.seen).toHaveLength(1)
  },
)

const SHARDS = {
  'model.safetensors.index.json': index(
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
  ),
  'model-00001-of-00002.safetensors': weightsOf(1000),
}

s3test.each([
  [
    'a truncated shard',
    { ...SHARDS, 'model-00002-of-00002.safetensors': weightsOf(1000).subarray(0, 3000) },
    'cut_short',
  ],
  ['a missing shard', SHARDS, 'shard_missing'],
  ['an empty file', { 'model.safetensors': '' }, 'weights_empty'],
  ['only zeros', { 'model.safetensors': Buffer.alloc(5000) }, 'only_zeros'],
  ['no weights', { 'config.json': '{}' }, 'no_weights'],
  [
    'an archive without its end',
    { 'model.pt': torchFile({ step: 1 }).subarray(0, -30) },
    'cut_short',
  ],
  [
    'a name that no file can have',
    { 'model.safetensors': weightsOf(1), 'x//y': 'y' },
    'file_unusual',
  ],
])(`in S3 %s is found by requests for ranges${why}`, async (what, files, fault) => {
  const uri = await save(`faults/${what}/checkpoint-1`, files)
  expect(await look(uri)).toMatchObject({ files_state: 'broken', files_fault: fault })
})

s3test(
  `one object, an archive of torch and the files of a prefix are checkpoints too${why}`,
  async () => {
    await put('one/model.pt', torchFile({ step: 1 }))
    await put('one/ckpt-1.index', Buffer.from('x'))
    await put('one/ckpt-1.data-00000-of-00001', Buffer.from('some weights of TensorFlow'))
    expect(await look('s3://models/one/model.pt')).toMatchObject({ files_state: 'complete' })
    const prefix = await look('s3://models/one/ckpt-1')
    expect([prefix.files_state, prefix.bytes]).toEqual(['complete', 27])
    expect(await look('s3://models/one/ckpt-2')).toMatchObject({ files_state: 'missing' })
  },
)

s3test(
  `an object that is written again has another signature, also with the same size${why}`,
  async () => {
    await put('twice.safetensors', weightsOf(10, 1))
    const { signature } = await look('s3://models/twice.safetensors')
    await put('twice.safetensors', weightsOf(10, 2))
    expect((await look('s3://models/twice.safetensors')).signature).not.toBe(signature)
  },
)

s3test(`what a store does not let read is unchecked, never missing${why}`, async () => {
  const unread = { files_state: 'unchecked', files_fault: 'store_unread' }
  expect(await look('s3://nothing/checkpoint-1')).toMatchObject(unread)
  // Addresses lose such parts, so it would be another object, even of another bucket.
  expect(await look('s3://models/x/../a/checkpoint-1/model.safetensors')).toMatchObject(unread)
  expect(await look('s3://')).toMatchObject(unread)
  const { AWS_SECRET_ACCESS_KEY: before } = process.env
  process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong'
  const denied = await look('s3://models/a/checkpoint-1')
  process.env['AWS_SECRET_ACCESS_KEY'] = before
  expect(denied).toMatchObject(unread)
  expect(denied.files_why).toContain('does not accept the credentials')
})

test.each(['gs://bucket/checkpoint-1', 'hf://user/model/checkpoint-1', 'simplecache::s3://b/x'])(
  'a store of another kind is not read, and the reason names rclone mount: %s',
  async (uri) => {
    const seen = await look(uri)
    expect(seen).toMatchObject({
      files_state: 'unchecked',
      files_fault: 'scheme_unread',
      bytes: null,
    })
    expect(seen.files_why).toContain('`rclone mount`')
  },
)

s3test(
  `a run that saves to S3 gives the URI of its best, and one with a cut shard is not chosen${why}`,
  async () => {
    const whole = await save('run/checkpoint-1', { 'model.safetensors': weightsOf(100) })
    const cut = await save('run/checkpoint-2', {
      'model.safetensors': weightsOf(100).subarray(0, 300),
    })
    const last = await save('run/checkpoint-3', { 'model.safetensors': weightsOf(100) })
    await train('run', [`1=2=${whole}`, `2=1=${cut}`, `3=3=${last}`])
    const { code, stdout } = await bestmark('pick', 'run')
    expect([code, stdout.split('\n')[0]]).toEqual([0, whole])
    const json = JSON.parse((await bestmark('pick', 'run', '--json')).stdout)
    expect(json.best_checkpoint_path).toBe(whole)
    expect(json.skipped).toMatchObject([{ step: 2, reason: 'broken' }])
  },
)
