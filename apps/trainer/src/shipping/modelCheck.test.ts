import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { modelNamed, orderCheck, rollBack } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { checkNext } from './modelCheck.ts'
import { shipNext } from './shipping.ts'
import { shippedRun } from './testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const never = new AbortController().signal

/** A live model, and how to check it. */
async function live(home: string) {
  const run = await shippedRun(db, home, 100)
  const shipped = async () => {
    await run.order()
    await shipNext(db, run.host_id, home, never)
    return run.now()
  }
  const first = await shipped()
  const check = async () => {
    const { job_id, deployment_id } = await run.now()
    await orderCheck(db, { job_id, deployment_id })
    expect(await checkNext(db, { host_id: run.host_id, home }, never)).toBe(true)
    const model = await modelNamed(db, 'moby')
    const found = model?.live.find(({ entry }) => entry.job_id === job_id)?.check
    return [found?.state, found?.detail]
  }
  return { ...run, first, shipped, check }
}

test('files that are as they were shipped are the same, and a check without an order does nothing', async () => {
  await using home = await temporaryFolder()
  const { check, host_id, first } = await live(home.path)
  expect(first.status).toBe('done')
  expect(await check()).toEqual(['same', null])
  expect(await checkNext(db, { host_id, home: home.path }, never)).toBe(false)
})

test('changed, removed and added files are named', async () => {
  await using home = await temporaryFolder()
  const { check, first } = await live(home.path)
  const folder = first.absolute_path ?? ''
  await writeFile(join(folder, 'model.safetensors'), 'other')
  await writeFile(join(folder, 'modeling.py'), 'print(1)')
  const [state, detail] = await check()
  expect(state).toBe('differs')
  expect(detail).toContain('model.safetensors has other bytes; ')
  expect(detail).toContain('modeling.py was added')
  await rm(join(folder, 'model.safetensors'))
  expect((await check())[1]).toContain('model.safetensors is missing')
})

test('a manifest that was changed together with its files differs from the ledger', async () => {
  await using home = await temporaryFolder()
  const { check, first } = await live(home.path)
  const path = join(first.absolute_path ?? '', 'bestmark.json')
  const { deployment_id, created_at } = first
  await writeFile(path, JSON.stringify({ deployment_id, created_at, files: {} }))
  expect((await check())[1]).toContain('the manifest is not the one of the ledger')
})

test('a folder that is gone, and a link to another version, are found', async () => {
  await using home = await temporaryFolder()
  const { check, first, models } = await live(home.path)
  await rm(join(models, 'current'))
  expect(await check()).toEqual(['not_current', null])
  await rename(first.absolute_path ?? '', `${first.absolute_path}-away`)
  expect(await check()).toEqual(['gone', first.absolute_path])
})

test('a roll back makes the earlier files live, even if the run is gone', async () => {
  await using home = await temporaryFolder()
  const { check, first, shipped, lose, job_id, host_id, now } = await live(home.path)
  await shipped()
  await lose()
  await rollBack(db, { job_id, deployment_id: first.deployment_id, by: 'ana' })
  await shipNext(db, host_id, home.path, never)
  expect(await now()).toMatchObject({
    ...{ status: 'done', error: null, rolls_back_to: first.deployment_id, by: 'ana' },
  })
  expect((await now()).absolute_path).not.toBe(first.absolute_path)
  expect(await check()).toEqual(['same', null])
})

test('a roll back to files that are gone or changed fails with what to do, and current stays', async () => {
  await using home = await temporaryFolder()
  const { first, shipped, job_id, host_id, now } = await live(home.path)
  const second = await shipped()
  const folder = first.absolute_path ?? ''
  const back = async () => {
    await rollBack(db, { job_id, deployment_id: first.deployment_id })
    await shipNext(db, host_id, home.path, never)
    return (await now()).error
  }
  await writeFile(join(folder, 'model.safetensors'), 'other')
  expect(await back()).toMatch(/model\.safetensors was changed .* Ship checkpoint-100 of .* again/)
  await rm(folder, { recursive: true })
  expect(await back()).toMatch(/files are gone from .* Ship checkpoint-100 of .* again instead\./)
  const model = await modelNamed(db, 'moby')
  const served = model?.live.find(({ entry }) => entry.job_id === job_id)
  expect(served?.entry.deployment_id).toBe(second.deployment_id)
  await orderCheck(db, { job_id, deployment_id: second.deployment_id })
  await checkNext(db, { host_id, home: home.path }, never)
  expect((await modelNamed(db, 'moby'))?.live.map((one) => one.check?.state)).toContain('same')
})
