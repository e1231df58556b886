import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeSafetensors } from '@bestmark/char-lm'
import { afterAll, beforeAll, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from '../commands/testing.ts'
import type { Bucket } from './bucket.ts'
import { bucketOf, faultyProxy, python, s3Server } from './testing.ts'

const run = promisify(execFile)
const CLIENT = join(import.meta.dirname, '../../../../clients/python/src')

/** A training that saves to a store, as its words say: `STEP=LOSS=URI`. */
const TRAINING = `
import sys, bestmark
folder, *saves = sys.argv[1:]
bestmark.init(folder, metric="eval_loss", direction="min")
for step, loss, uri in (save.split("=", 2) for save in saves):
    bestmark.log({"eval_loss": float(loss)}, int(step))
    bestmark.checkpoint(uri, int(step))
bestmark.finish()`

/** Weights with so many numbers, as a program saves them. */
export function weightsOf(numbers: number, seed = 1): Buffer {
  const data = Float32Array.from({ length: numbers }, (_, at) => Math.sin(at * seed))
  return Buffer.from(writeSafetensors({ weight: { shape: [numbers], data } }))
}

interface Store {
  bucket: Bucket
  proxy: Awaited<ReturnType<typeof faultyProxy>>
}

/**
 * A board, an S3 server behind a proxy, and the usual variables of its credentials. The tests are
 * skipped without a server's Python.
 */
export function storeTests() {
  const here = testBoard()
  const store = {} as Store
  const stack = new AsyncDisposableStack()
  const usual: Record<string, string> = {}
  beforeAll(async () => {
    if (!python) return
    const server = stack.use(await s3Server())
    store.proxy = stack.use(await faultyProxy(server.endpoint))
    store.bucket = bucketOf(server)
    usual['AWS_ACCESS_KEY_ID'] = server.accessKeyId
    usual['AWS_SECRET_ACCESS_KEY'] = server.secretAccessKey
    usual['AWS_ENDPOINT_URL'] = store.proxy.endpoint
    Object.assign(process.env, usual)
  })
  afterAll(async () => {
    for (const name of Object.keys(usual)) delete process.env[name]
    await stack[Symbol.asyncDispose]()
  })
  const put = async (key: string, body: Buffer, headers: Record<string, string> = {}) => {
    await store.bucket.send({ method: 'PUT', key, body, headers })
  }
  return {
    ...{ here, store, put, s3test: test.skipIf(!python) },
    /** Puts the files of a checkpoint into the bucket; returns its URI. */
    save: async (key: string, files: Record<string, Buffer | string>): Promise<string> => {
      for (const [name, content] of Object.entries(files))
        await put(`${key}/${name}`, Buffer.from(content))
      return `s3://models/${key}`
    },
    /** Runs a program that reports saves with the Python client. */
    train: async (folder: string, saves: readonly string[]): Promise<void> => {
      const env = { ...process.env, PYTHONPATH: CLIENT }
      await run(python ?? '', ['-c', TRAINING, join(here.path, folder), ...saves], { env })
    },
    bestmark: (...words: string[]) => command(words, { cwd: here.path, env: here.env }),
  }
}
