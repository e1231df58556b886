import { randomUUID } from 'node:crypto'
import { registerJob } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from './testing.ts'

const here = testBoard()

test.each([
  ['pick', 'gs://bucket/run'],
  ['pick', 'run', '--checkpoints', 's3://bucket/run'],
  ['import', 'hf://name/run'],
  ['watch', '--once', 's3://bucket/run'],
  ['prune', 's3://bucket/run', '--keep-best', '1', '--keep-last', '1'],
  ['eval', 's3://bucket/run', '--', 'true', '{checkpoint}'],
  ['score', 's3://bucket/run/checkpoint-1', 'acc=1'],
  ['backtest', 's3://bucket/run'],
  ['run', '--folder', 's3://bucket/run', '--', 'true'],
])('a folder is needed, and the error for a URI names rclone mount: %s %s', async (...words) => {
  const { code, stderr } = await command(words)
  expect(code).not.toBe(0)
  expect(stderr).toContain('is in an object store, but')
  expect(stderr).toContain('`rclone mount` makes a folder of it')
})

test.each([
  ['prune', 'stored', '--keep-best', '1', '--keep-last', '1'],
  ['eval', 'stored', '--', 'true', '{checkpoint}'],
])('so is the error for a job whose run is in a store: %s', async (...words) => {
  const { board, env } = here
  const job = { job_id: randomUUID(), host_id: board.host_id, host: board.host, name: 'stored' }
  const run = { root: 's3://bucket/run', project: 'p', source: 'huggingface' }
  await registerJob(board.db, { ...job, ...run, status: 'completed' })
  const { code, stderr } = await command(words, { env })
  await board.db.sql`delete from training_jobs where job_id = ${job.job_id}`
  expect(code).not.toBe(0)
  expect(stderr).toContain('s3://bucket/run is in an object store, but')
})
