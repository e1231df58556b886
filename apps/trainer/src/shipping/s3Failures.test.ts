import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { listKeys } from '../s3/objects.ts'
import { unfinishedUploads } from '../s3/multipart.ts'
import { why } from '../s3/testing.ts'
import { temporaryFolder } from '../testing.ts'
import { LARGE, partsIn, s3Tests } from './s3Testing.ts'

const { one, s3test, there } = s3Tests()

s3test(
  `a server that is busy, fails, or breaks the connection is asked again, and each part is there once${why}`,
  async () => {
    await using home = await temporaryFolder()
    await using to = await there(home.path, {}, LARGE)
    const once = new Map<string, 'drop' | 'drop_answer' | { status: number; body?: string }>([
      ['partNumber=1', { status: 500 }],
      ['partNumber=2', 'drop'],
      ['partNumber=3', { status: 503, body: '<Error><Code>SlowDown</Code></Error>' }],
      ['uploads=', 'drop_answer'],
      // It is complete, and nobody was told.
      ['?uploadId=', 'drop_answer'],
      ['current.json', 'drop_answer'],
    ])
    to.proxy.fault = (seen) => {
      if (seen.startsWith('GET') || seen.startsWith('HEAD')) return undefined
      const [word, fault] = [...once].find(([one]) => seen.includes(one)) ?? []
      if (word !== undefined) once.delete(word)
      return fault
    }
    const { status, error, deployment_id } = await to.ship()
    expect([status, error]).toEqual(['done', null])
    expect(once.size).toBe(0)
    expect(await to.live()).toHaveProperty('model.safetensors')
    expect(await to.current()).toMatchObject({ deployment_id })
  },
)

s3test(
  `a server that fails half-way leaves the live version, and the next shipment sends only what is missing${why}`,
  async () => {
    await using home = await temporaryFolder()
    await using to = await there(home.path, { tries: 2 }, LARGE)
    await writeFile(join(to.weights, '..', 'config.json'), '{"v": 1}')
    const first = await to.ship()
    expect(first.error).toBeNull()
    const before = await to.current()
    // Other weights of the same size, so that all parts are new.
    const weights = await readFile(to.weights)
    await writeFile(to.weights, weights.fill(1, weights.length - 8_000_000))
    to.proxy.seen = []
    to.proxy.fault = (seen) => (seen.includes('partNumber=3') ? { status: 500 } : undefined)
    const failed = await to.ship()
    expect(failed.status).toBe('failed')
    expect(failed.error).toMatch(/partNumber|answered PUT .* with status 500.*tried 2 times/)
    expect(failed.error).toContain('what was uploaded is kept')
    expect(await to.current()).toEqual(before)
    await to.live()
    expect(await readdir(to.folder)).toHaveLength(2)
    to.proxy.seen = []
    to.proxy.fault = () => undefined
    const done = await to.ship()
    expect([done.status, done.error]).toEqual(['done', null])
    expect(partsIn(to.proxy.seen)).toEqual(['3'])
    expect((await to.current()).deployment_id).toBe(done.deployment_id)
    await to.live()
    expect(await unfinishedUploads(to.bucket, to.at)).toEqual([])
  },
)

s3test(`each error says what to do, and nothing becomes live${why}`, async () => {
  const xml = (code: string) => `<Error><Code>${code}</Code><Message>M</Message></Error>`
  for (const [options, fault, error] of [
    [{ bucket: 'no-such-bucket' }, undefined, 'There is no bucket no-such-bucket. Create it'],
    [{ secret_key_env: 'TEST_S3_KEY' }, undefined, 'may not do this|does not accept the cred'],
    [{ access_key_env: 'TEST_S3_NONE' }, undefined, 'The agent has no variable TEST_S3_NONE.'],
    [{}, { status: 403, body: xml('AccessDenied') }, 'The credentials may not do this: PUT .*s3:P'],
    [{}, { status: 403, body: xml('InvalidAccessKeyId') }, 'the variables TEST_S3_KEY and TEST_'],
    [{}, { status: 403, body: xml('RequestTimeTooSkewed') }, 'by 0 minutes. Set the clock'],
    [{}, { status: 301, body: xml('PermanentRedirect') }, 'is in another region. Correct `region`'],
    [{ tries: 1 }, 'drop', 'did not answer \\(PUT .*Ship it again'],
    [{ tries: 1 }, { status: 507 }, 'answered PUT .* with status 507'],
  ] as const) {
    await using home = await temporaryFolder()
    await using to = await there(home.path, options)
    to.proxy.fault = (seen) => (seen.startsWith('PUT') ? fault : undefined)
    const failed = await to.ship()
    expect([failed.status, failed.error]).toEqual(['failed', expect.stringMatching(error)])
    expect(failed.error).not.toContain(one.server.secretAccessKey)
    expect(await listKeys(to.bucket, to.at)).toEqual([])
    expect(await readdir(to.folder)).toEqual([])
  }
})

s3test(
  `uploads that nobody goes on with are ended: after a refusal, and a day after they began${why}`,
  async () => {
    await using home = await temporaryFolder()
    await using to = await there(home.path, {}, LARGE)
    const refused = { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }
    to.proxy.fault = (seen) => (seen.includes('partNumber=3') ? refused : undefined)
    expect((await to.ship()).status).toBe('failed')
    expect(await unfinishedUploads(to.bucket, to.at)).toEqual([])
    const keys = ['old', 'new'].map((name) => `${to.at}versions/${name}/model.safetensors`)
    for (const key of keys) await to.bucket.send({ method: 'POST', key, query: { uploads: '' } })
    const [old] = await unfinishedUploads(to.bucket, `${to.at}versions/old`)
    const times = { old: '2026-01-01T00:00:00.000Z', new: new Date().toISOString() }
    const listed = Object.entries(times).map(
      ([name, at], index) =>
        `<Upload><Key>${keys[index]}</Key><UploadId>${old?.id}</UploadId><Initiated>${at}</Initiated></Upload><!-- ${name} -->`,
    )
    const body = `<ListMultipartUploadsResult>${listed.join('')}</ListMultipartUploadsResult>`
    to.proxy.fault = (seen) =>
      seen.startsWith('GET') && seen.includes('uploads=') && !seen.includes('model.safetensors')
        ? { status: 200, body }
        : undefined
    const done = await to.ship()
    expect([done.status, done.error]).toEqual(['done', null])
    const left = await unfinishedUploads(to.bucket, to.at)
    expect(left.map(({ key }) => key)).toEqual([keys[1]])
  },
)
