import { expect, test } from 'vitest'
import { command } from './testing.ts'

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
