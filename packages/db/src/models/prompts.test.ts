import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { advanceDeployment } from '../deployments/claim.ts'
import { createDeployment } from '../deployments/order.ts'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { publishTargets } from '../targets/targets.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, newJob, recordEvents } from '../testRun.ts'
import { modelNamed } from './models.ts'
import { answerPrompt, openPrompt, orderPrompt } from './prompts.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A job whose best checkpoint is not its last one, shipped to a target of a kind. */
async function shipped(kind: 'playground' | 'folder') {
  const host_id = randomUUID()
  const job_id = await newJob(db, { host_id, root: '/runs/moby' })
  for (const [step, loss] of [
    [100, 1],
    [200, 2],
  ] as const)
    await recordEvents(db, job_id, evaluation(step, loss), checkpoint(step))
  const facts = { place: 'p', conditions: null }
  await publishTargets(db, host_id, [{ name: 'talk', kind, ...facts }])
  const model_name = `m-${job_id.slice(0, 8)}`
  const ship = async (step: number) => {
    const row = (await listCheckpoints(db, job_id)).find((one) => one.step === step)
    const what = { job_id, checkpoint_id: row!.checkpoint_id, model_name, target: 'talk' }
    const { deployment_id } = await createDeployment(db, { ...what, why: 'a test' })
    const end = { status: 'done', absolute_path: `/models/${step}` } as const
    await advanceDeployment(db, {
      ...{ job_id, deployment_id, ...end, bytes_done: 1, bytes_total: 1 },
    })
    return { job_id, deployment_id }
  }
  const live = async () => (await modelNamed(db, model_name))?.live[0]
  return { job_id, host_id, key: await ship(100), ship, live }
}

test('a prompt waits for the host of the files, with the last checkpoint beside the shipped one', async () => {
  const { host_id, key, live, ship } = await shipped('playground')
  expect((await live())?.playground).toEqual({ prompt: null })
  await orderPrompt(db, { ...key, prompt: ' Call me ', by: 'ana' })
  expect(await openPrompt(db, randomUUID())).toBeUndefined()
  const open = await openPrompt(db, host_id)
  expect(open).toMatchObject({ prompt: ' Call me ', shipped_path: '/models/100' })
  expect(open?.last).toMatchObject({ step: 200 })
  expect(open?.last?.absolute_path).toMatch(/^\/runs\/moby\/.+/)
  const again = orderPrompt(db, { ...key, prompt: 'x' })
  await expect(again).rejects.toThrow('It still writes. Wait for its answer.')
  const written = { shipped: 'a', last: 'b', last_step: 200, error: null }
  await answerPrompt(db, open!, { state: 'answered', ...written })
  await answerPrompt(db, open!, { state: 'failed', ...written, error: 'late' })
  expect(await openPrompt(db, host_id)).toBeUndefined()
  expect((await live())?.playground?.prompt).toMatchObject({ state: 'answered', ...written })
  // If the last one is shipped, nothing stands beside it.
  await orderPrompt(db, { ...(await ship(200)), prompt: 'x' })
  expect((await openPrompt(db, host_id))?.last).toBeNull()
})

test('a prompt that no agent answers within a minute is late, and is answered no more', async () => {
  const { host_id, key, live } = await shipped('playground')
  const { prompt_id } = await orderPrompt(db, { ...key, prompt: 'x' })
  await db.sql`update prompts set created_at = created_at - 61000 where prompt_id = ${prompt_id}`
  expect((await live())?.playground?.prompt?.state).toBe('late')
  expect(await openPrompt(db, host_id)).toBeUndefined()
  await orderPrompt(db, { ...key, prompt: 'y' })
})

test('only a model in a playground writes, only after a short prompt, and few prompts are kept', async () => {
  const folder = await shipped('folder')
  expect((await folder.live())?.playground).toBeNull()
  const refused = orderPrompt(db, { ...folder.key, prompt: 'x' })
  await expect(refused).rejects.toThrow('a target of kind playground')
  const { key, host_id } = await shipped('playground')
  for (const prompt of [' ', 'x'.repeat(201)])
    await expect(orderPrompt(db, { ...key, prompt })).rejects.toThrow('1 to 200 characters')
  const written = { shipped: 'a', last: null, last_step: null, error: null }
  for (let at = 0; at < 22; at++) {
    await orderPrompt(db, { ...key, prompt: `p${at}` })
    await answerPrompt(db, (await openPrompt(db, host_id))!, { state: 'answered', ...written })
  }
  const rows = await db.sql`select prompt from prompts where job_id = ${key.job_id}`
  expect(rows).toHaveLength(20)
  expect(rows.map(({ prompt }) => String(prompt))).toContain('p21')
})
