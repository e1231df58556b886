import { type TestBoard, testBoard } from '@bestmark/api/testing'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'

let board: TestBoard
beforeAll(async () => {
  board = await testBoard()
})
afterAll(() => board[Symbol.asyncDispose]())

const evaluation = (step: number, eval_loss: number) =>
  ({ type: 'evaluation', step, values: { eval_loss } }) as const
const checkpoint = (step: number) =>
  ({ type: 'checkpoint', step, path: `checkpoint-${step}`, files_state: 'complete' }) as const

function started(...args: string[]) {
  const tool = join(import.meta.dirname, 'watchBest.ts')
  return spawn(process.execPath, [tool, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

test('the tool prints each best checkpoint once, also those chosen while it was disconnected', async () => {
  const job_id = await board.newJob()
  const tool = started(job_id, '--url', board.url, '--token', board.token)
  const lines = createInterface(tool.stdout)[Symbol.asyncIterator]()
  const next = async () => (await lines.next()).value
  expect(await next()).toBe('not known yet')
  await board.recordEvents(job_id, evaluation(1, 0.9), checkpoint(1))
  expect(await next()).toBe('/runs/moby/checkpoint-1')
  await board.recordEvents(job_id, evaluation(2, 1.2), checkpoint(2))
  board.cut()
  await board.recordEvents(job_id, evaluation(3, 0.5), checkpoint(3))
  expect(await next()).toBe('/runs/moby/checkpoint-3')
  const resumed = board.subscriptions.at(-1)
  expect(resumed?.lastEventId).not.toBeNull()
  await board.recordEvents(job_id, { type: 'ended', at: 1, status: 'completed' })
  expect(await next()).toBeUndefined()
  expect(await once(tool, 'exit')).toEqual([0, null])
})

test('the tool prints its usage, and ends without the token', async () => {
  const tool = started()
  const [printed] = await once(tool.stderr, 'data')
  expect(String(printed)).toContain('watchBest.ts')
  expect(await once(tool, 'exit')).toEqual([1, null])
})
