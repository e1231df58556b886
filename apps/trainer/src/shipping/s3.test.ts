import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listDeployments, rollBack } from '@bestmark/db'
import { expect } from 'vitest'
import { listKeys } from '../s3/objects.ts'
import { unfinishedUploads } from '../s3/multipart.ts'
import { why } from '../s3/testing.ts'
import { temporaryFolder } from '../testing.ts'
import { LARGE, partsIn, s3Tests } from './s3Testing.ts'

const { one, s3test, there } = s3Tests()

s3test(
  `a version is whole in the bucket, with the SHA-256 of each file, before one object makes it live${why}`,
  async () => {
    await using home = await temporaryFolder()
    await using to = await there(home.path, {}, LARGE)
    await writeFile(join(to.weights, '..', "a b+c(1)'é!&=;?.json"), '{"é": 1}')
    const { status, error, output, deployment_id } = await to.ship()
    expect([status, error]).toEqual(['done', null])
    const pointer = await to.current()
    expect(pointer).toMatchObject({ deployment_id, model_name: 'moby', step: 100, value: 1 })
    expect(Object.keys(await to.live())).toContain("a b+c(1)'é!&=;?.json")
    expect(output).toContain(`s3://models/${to.at}${pointer.version} is live; `)
    const manifest = JSON.parse((await to.read(pointer.manifest)).toString())
    expect(manifest).toMatchObject({ deployment_id, files: pointer.files })
    expect(pointer.version).toBe(`versions/${manifest.digest}/`)
    // The pointer is written last, and once.
    const writes = to.proxy.seen.filter((one) => /^(PUT|POST)/.test(one))
    expect(writes.filter((one) => one.includes('current.json'))).toEqual([writes.at(-1)])
    expect(partsIn(to.proxy.seen).sort()).toEqual(['1', '2', '3'])
    expect(await unfinishedUploads(to.bucket, to.at)).toEqual([])
  },
)

s3test(`a roll back writes only the pointer again${why}`, async () => {
  await using home = await temporaryFolder()
  await using to = await there(home.path)
  const { deployment_id, job_id } = await to.ship()
  const { version } = await to.current()
  await writeFile(join(to.weights, '..', 'extra.txt'), 'another version')
  await to.ship()
  expect((await to.current()).version).not.toBe(version)
  await rollBack(one.db, { job_id, deployment_id })
  const back = await to.next()
  expect(back).toMatchObject({ status: 'done', output: expect.stringContaining('; 0 of ') })
  expect(await to.current()).toMatchObject({ version, deployment_id: back.deployment_id })
  expect(await listDeployments(one.db, { job_id })).toHaveLength(3)
})

s3test(`a version of a later order stays live, whoever writes first${why}`, async () => {
  await using home = await temporaryFolder()
  await using to = await there(home.path)
  await to.ship()
  const pointer = await to.current()
  const later = { ...pointer, deployment_id: 'another', created_at: Date.now() + 3_600_000 }
  const key = `${to.at}current.json`
  const body = Buffer.from(JSON.stringify(later))
  let isWritten = false
  // Another agent writes between our look and our write.
  to.proxy.fault = async (seen) => {
    if (seen !== `PUT /models/${key}` || isWritten) return undefined
    isWritten = true
    await to.bucket.send({ method: 'PUT', key, body })
    return undefined
  }
  const failed = await to.ship()
  expect(isWritten).toBe(true)
  expect(failed.error).toContain('already serves a checkpoint from a later order')
  expect((await to.current()).deployment_id).toBe('another')
})

s3test(`a check reads the objects and the pointer${why}`, async () => {
  await using home = await temporaryFolder()
  await using to = await there(home.path)
  await to.ship()
  expect(await to.check()).toEqual(['same', null])
  const { version } = await to.current()
  const key = `${to.at}${version}model.safetensors`
  const whole = (await to.bucket.send({ method: 'GET', key })).body
  await to.bucket.send({ method: 'PUT', key, body: Buffer.from('other') })
  await to.bucket.send({ method: 'PUT', key: `${to.at}${version}extra`, body: Buffer.from('x') })
  expect(await to.check()).toEqual([
    'differs',
    'model.safetensors has other bytes; extra was added',
  ])
  await to.bucket.send({ method: 'DELETE', key: `${to.at}${version}extra` })
  await to.bucket.send({ method: 'PUT', key, body: whole })
  await to.bucket.send({ method: 'DELETE', key: `${to.at}current.json` })
  expect((await to.check())[0]).toBe('not_current')
  for (const one of await listKeys(to.bucket, to.at))
    await to.bucket.send({ method: 'DELETE', key: one })
  expect((await to.check())[0]).toBe('gone')
})

s3test(`an object with other bytes than were sent never becomes live${why}`, async () => {
  await using home = await temporaryFolder()
  await using to = await there(home.path)
  to.proxy.fault = (seen) =>
    seen.startsWith('GET') && seen.includes('model.safetensors')
      ? { status: 200, body: 'damaged' }
      : undefined
  const failed = await to.ship()
  expect(failed.error).toContain('gave other bytes back for model.safetensors')
  const keys = await listKeys(to.bucket, to.at)
  expect(keys.filter((key) => /current\.json|model\.safetensors/.test(key))).toEqual([])
})
