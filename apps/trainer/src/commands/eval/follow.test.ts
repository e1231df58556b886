import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { command } from '../testing.ts'
import { growingRun } from './growingRunTesting.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

/** Measures the step in a checkpoint's name. */
const SCRIPT = `console.log(JSON.stringify({ accuracy: Number(process.argv[1].split('-').at(-1)) }))`
const MEASURE = ['--', process.execPath, '-e', SCRIPT, '{checkpoint}']

async function run(name: string) {
  const growing = await growingRun(join(folder.path, name))
  const env = { BESTMARK_HOME: join(folder.path, 'home') }
  const words = (...more: string[]) => ['eval', growing.root, '--follow', ...more, ...MEASURE]
  return { ...growing, following: (...more: string[]) => command(words(...more), { env }) }
}

test('with --follow each new checkpoint is measured once, until the run has ended', async () => {
  const { add, saves, steps, scored, following } = await run('growing')
  await saves(10)
  const evaluating = following()
  await scored(10)
  await saves(20)
  await scored(20)
  await saves(30)
  add({ type: 'ended', status: 'completed', error: null })
  const { code, stderr } = await evaluating
  expect(code).toBe(0)
  expect(steps()).toEqual([10, 20, 30])
  expect(stderr).toContain('3 of 3: checkpoint-30')
})

test('with --follow a run may begin without a checkpoint, and end without one', async () => {
  const { add, saves, scored, following } = await run('late')
  const evaluating = following()
  await saves(10)
  await scored(10)
  add({ type: 'ended', status: 'stopped', error: null })
  expect((await evaluating).code).toBe(0)
  const without = await run('without')
  without.add({ type: 'ended', status: 'failed', error: 'no' })
  const { code, stderr } = await without.following()
  expect([code, stderr]).toEqual([1, expect.stringContaining('no complete checkpoint')])
})

test('--follow measures every checkpoint, so it refuses --only', async () => {
  const { following } = await run('only')
  expect((await following('--only', 'best')).stderr).toContain('leave out --only')
})
