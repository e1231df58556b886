import { checkpointId } from '../rows/checkpointRows.ts'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pinCheckpoints, currentFiles, undigestedFiles } from './files.ts'
import { record } from '../record/record.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, event, newJob, started, recordEvents } from '../testRun.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const seen = (step: number, fields: object) =>
  event({ type: 'files', step, path: `checkpoint-${step}`, files_state: 'complete', ...fields })

const only = async (job_id: string) => (await currentFiles(db, job_id))[0]

test('a digest is valid while the files are unchanged, even while they are missing', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), checkpoint(100))
  await recordEvents(db, job_id, seen(100, { signature: 'a', kind: 'adapter', base: 'gpt2' }))
  await recordEvents(db, job_id, seen(100, { signature: 'a', digest: 'd' }))
  expect(await only(job_id)).toMatchObject({ digest: 'd', kind: 'adapter', base: 'gpt2' })
  await recordEvents(db, job_id, seen(100, { files_state: 'missing' }))
  await recordEvents(db, job_id, seen(100, { signature: 'a' }))
  expect(await only(job_id)).toMatchObject({ digest: 'd', signature: 'a' })
  await recordEvents(db, job_id, seen(100, { signature: 'b' }))
  expect(await only(job_id)).toMatchObject({ digest: null, signature: 'b', base: 'gpt2' })
})

test('a history that is recorded again keeps pins, and digests of unchanged files', async () => {
  const job_id = await newJob(db)
  const saved = (signature: string) => ({ ...checkpoint(100), signature }) as const
  const history = { source: 'x', events: [started(), saved('a')], replace: true }
  await record(db, job_id, { ...history, from: null, to: '1' })
  await recordEvents(db, job_id, seen(100, { signature: 'a', digest: 'd' }))
  const key = { attempt: 0, step: 100, path: 'checkpoint-100' }
  const checkpoint_ids = [checkpointId(job_id, key)]
  await pinCheckpoints(db, job_id, { checkpoint_ids, pinned: true })
  await record(db, job_id, { ...history, from: '1', to: '2' })
  expect(await only(job_id)).toMatchObject({ digest: 'd', pinned: true })
  const changed = { ...history, events: [started(), saved('b')] }
  await record(db, job_id, { ...changed, from: '2', to: '3' })
  expect(await only(job_id)).toMatchObject({ digest: null, pinned: true })
  await record(db, job_id, { ...history, events: [started()], from: '3', to: '4' })
  expect(await only(job_id)).toMatchObject({ files_state: 'missing', pinned: true })
})

test('the best is digested first, then the newest, and only complete checkpoints of that host', async () => {
  const host_id = randomUUID()
  const job_id = await newJob(db, { host_id })
  const steps = [100, 200, 300, 400]
  await recordEvents(db, job_id, started(), ...steps.map((step) => checkpoint(step)))
  await recordEvents(db, job_id, evaluation(100, 2), evaluation(200, 1), evaluation(300, 3))
  await recordEvents(db, job_id, ...[100, 200, 300].map((step) => seen(step, { signature: 'a' })))
  await recordEvents(
    db,
    job_id,
    seen(400, { files_state: 'broken', signature: 'a' }),
    checkpoint(500),
  )
  const order = (await undigestedFiles(db, host_id, 10)).map(({ step }) => step)
  expect(order).toEqual([200, 300, 100])
})

test("a pin on another job's checkpoint is refused by its id", async () => {
  const job_id = await newJob(db)
  const checkpoint_ids = [randomUUID()]
  const pin = pinCheckpoints(db, job_id, { checkpoint_ids, pinned: true })
  await expect(pin).rejects.toThrow(checkpoint_ids[0]!)
})
