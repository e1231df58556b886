import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDeployment, listCheckpoints, listDeployments, modelNamed } from '@bestmark/db'
import { orderPrompt } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ending, eventsOf, eventsOfType, startQuick } from '../recipes/testing.ts'
import { importRun } from '../recording/importRun.ts'
import { shipNext } from '../shipping/shipping.ts'
import { shippedRun } from '../shipping/testing.ts'
import { TARGETS_FILE } from '../targets/configuration.ts'
import { Publication } from '../targets/publication.ts'
import { temporaryFolder } from '../testing.ts'
import { answerNext } from './answers.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())
const never = new AbortController().signal

async function publish(home: string, host_id: string): Promise<void> {
  const targets = { talk: { kind: 'playground' } }
  await writeFile(join(home, TARGETS_FILE), JSON.stringify({ targets }))
  await new Publication(db, { host_id, home }).refresh()
}

test('the shipped and the last model write after the same prompt, as their training did', async () => {
  await using home = await temporaryFolder()
  await using run = await temporaryFolder()
  expect(await ending(startQuick(run.path))).toBe(0)
  const host_id = randomUUID()
  const dispose = async (): Promise<void> => {}
  const board = { db, home: home.path, host_id, host: 'here', [Symbol.asyncDispose]: dispose }
  const { job_id } = await importRun(board, run.path, {})
  await publish(home.path, host_id)
  const best = (await listCheckpoints(db, job_id)).find(({ is_best }) => is_best)
  const { checkpoint_id } = best!
  await createDeployment(db, { job_id, checkpoint_id, model_name: 'moby', target: 'talk' })
  await shipNext(db, host_id, home.path, never)
  const [{ status, error, output, deployment_id }] = (await listDeployments(db, { job_id })) as [
    Awaited<ReturnType<typeof listDeployments>>[0],
  ]
  expect([status, error]).toEqual(['done', null])
  expect(output).toMatch(/^In the morning the old .+/s)

  const samples = eventsOfType(eventsOf(run.path), 'sample')
  const { prompt = '' } = samples[0] ?? {}
  await orderPrompt(db, { job_id, deployment_id, prompt: prompt ?? '' })
  expect(await answerNext(db, host_id, never)).toBe(true)
  expect(await answerNext(db, host_id, never)).toBe(false)
  const live = (await modelNamed(db, 'moby'))?.live[0]
  const answer = live?.playground?.prompt
  const last = samples.at(-1)
  expect(answer).toMatchObject({ state: 'answered', error: null, last_step: last?.step })
  const textAt = (step: number | null | undefined) => samples.find((one) => one.step === step)?.text
  expect(`${prompt}${answer?.shipped}`.startsWith(textAt(best!.step) ?? 'none')).toBe(true)
  expect(`${prompt}${answer?.last}`.startsWith(last?.text ?? 'none')).toBe(true)
  expect(answer?.shipped).toHaveLength(240)
  expect(answer?.shipped).not.toBe(answer?.last)
})

test('a model that cannot write does not become live in a playground', async () => {
  await using home = await temporaryFolder()
  const run = await shippedRun(db, home.path, 100)
  await publish(home.path, run.host_id)
  await run.order('talk')
  await shipNext(db, run.host_id, home.path, never)
  const { status, error } = await run.now()
  expect([status, error]).toEqual([
    'failed',
    expect.stringMatching(/^Target talk did not take it\. .+ has no model of the char-lm recipe\./),
  ])
})
