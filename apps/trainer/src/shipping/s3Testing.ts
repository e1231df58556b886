import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { modelNamed, orderCheck } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listKeys } from '../s3/objects.ts'
import { bucketOf, faultyProxy, python, s3Server } from '../s3/testing.ts'
import { TARGETS_FILE } from '../targets/configuration.ts'
import { Publication } from '../targets/publication.ts'
import { Pointer } from '../targets/s3Pointer.ts'
import { checkNext } from './modelCheck.ts'
import { shipNext } from './shipping.ts'
import { shippedRun } from './testing.ts'

type TestServer = Awaited<ReturnType<typeof s3Server>>
const never = new AbortController().signal

/** The variables of the credentials; the tests set them. */
const KEYS = { access_key_env: 'TEST_S3_KEY', secret_key_env: 'TEST_S3_SECRET' }
/** Weights of 12 MB are three parts. */
export const LARGE = 3_000_000
let made = 0

/** The database and the S3 server of a file of tests, which are skipped without a server's Python. */
export function s3Tests() {
  const one = {} as { db: TestDatabase; server: TestServer }
  beforeAll(async () => {
    one.db = await testDatabase()
    if (!python) return
    one.server = await s3Server()
    process.env[KEYS.access_key_env] = one.server.accessKeyId
    process.env[KEYS.secret_key_env] = one.server.secretAccessKey
  })
  afterAll(async () => {
    await one.server?.[Symbol.asyncDispose]()
    await one.db[Symbol.asyncDispose]()
  })
  return {
    one,
    s3test: test.skipIf(!python),
    there: (home: string, options?: Record<string, unknown>, numbers?: number) =>
      withBucket(one, home, options, numbers),
  }
}

/** A run on a host with one target in a bucket, behind a proxy, in a prefix of its own. */
async function withBucket(
  { db, server }: { db: TestDatabase; server: TestServer },
  home: string,
  options: Record<string, unknown> = {},
  numbers = 100,
) {
  const proxy = await faultyProxy(server.endpoint)
  const run = await shippedRun(db, home, numbers)
  const { host_id, job_id } = run
  const prefix = `team ${++made}`
  const prod = {
    ...{ kind: 's3', bucket: 'models', prefix, endpoint: proxy.endpoint, region: 'us-east-1' },
    ...{ part_mib: 5, tries: 3, ...KEYS, ...options },
  }
  await writeFile(join(home, TARGETS_FILE), JSON.stringify({ targets: { prod } }))
  await new Publication(db, { host_id, home }).refresh()
  const next = async () => {
    await shipNext(db, host_id, home, never)
    return run.now()
  }
  const ship = async () => {
    await run.order('prod')
    return next()
  }
  const bucket = bucketOf(server)
  const at = `${prefix}/moby/`
  const read = async (key: string) => (await bucket.send({ method: 'GET', key: at + key })).body
  const current = async () => Pointer.parse(JSON.parse((await read('current.json')).toString()))
  /** The files below the live version, with their SHA-256; all of them are as the pointer says. */
  const live = async () => {
    const { version, files } = await current()
    const keys = await listKeys(bucket, at + version)
    const found = keys.map(async (key) => {
      const name = key.slice((at + version).length)
      return [
        name,
        createHash('sha256')
          .update(await read(version + name))
          .digest('hex'),
      ]
    })
    expect(Object.fromEntries(await Promise.all(found))).toEqual(files)
    return files
  }
  const check = async () => {
    const { deployment_id } = await run.now()
    await orderCheck(db, { job_id, deployment_id })
    await checkNext(db, { host_id, home }, never)
    const model = await modelNamed(db, 'moby')
    const found = model?.live.find(({ entry }) => entry.job_id === job_id)?.check
    return [found?.state, found?.detail]
  }
  const dispose = () => proxy[Symbol.asyncDispose]()
  return {
    ...{ ...run, proxy, ship, next, bucket, at, read, current, live, check },
    folder: join(home, 'targets', 'prod', 'moby'),
    [Symbol.asyncDispose]: dispose,
  }
}

/** The uploaded parts among the requests of a proxy. */
export const partsIn = (seen: readonly string[]) =>
  seen.flatMap((one) => (one.startsWith('PUT') ? (/partNumber=(\d+)/.exec(one)?.[1] ?? []) : []))
