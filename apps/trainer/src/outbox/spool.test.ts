import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { Spool } from './spool.ts'

const header = () => ({
  ...{ journal: 1 as const, job_id: randomUUID() },
  ...{ name: 'moby', project: '', recipe: null },
})
const metrics = (step: number): TrainingEvent => {
  const at = { attempt: 0, epoch: null, at: null }
  return { type: 'metrics', ...at, step, values: { loss: step } }
}
const steps = (spool: Spool | undefined) =>
  spool?.events().map((one) => ('step' in one ? one.step : null))

test('a spool that is opened again has its events and its cursor', async () => {
  await using folder = await temporaryFolder()
  const spool = Spool.begin(join(folder.path, 'one'), '/runs/moby', header())
  spool.append([metrics(1), metrics(2)], { cursor: 'two' })
  const again = Spool.open(join(folder.path, 'one'))
  expect(steps(again)).toEqual([1, 2])
  expect(again?.state).toEqual({ ...spool.state, cursor: 'two', root: '/runs/moby' })
})

test('lines that were written without their cursor do not count, and are written over', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'one')
  const spool = Spool.begin(path, '/runs/moby', header())
  spool.append([metrics(1)], { cursor: 'one' })
  const whole = await readFile(spool.path, 'utf8')
  // As after a kill between the write of the lines and that of the state.
  await appendFile(spool.path, `${JSON.stringify(metrics(2))}\n{"type":"met`)
  const again = Spool.open(path)
  expect(steps(again)).toEqual([1])
  again?.append([metrics(3)], { cursor: 'three' })
  expect(steps(again)).toEqual([1, 3])
  expect((await readFile(spool.path, 'utf8')).startsWith(whole)).toBe(true)
})

test('a journal that begins again keeps its beginning, and is another file', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'one')
  const spool = Spool.begin(path, '/runs/moby', header())
  spool.append([metrics(1)], { cursor: 'one' })
  spool.append([metrics(2)], { base: spool.state.bytes, cursor: 'two' })
  const { base } = spool.state
  const before = spool.path
  spool.rewrite(base, [metrics(7)], { cursor: 'seven' })
  expect(spool.path).not.toBe(before)
  expect(steps(Spool.open(path))).toEqual([1, 7])
  expect(Spool.open(path)?.events(base)).toMatchObject([{ step: 7 }])
})

test('a journal that lost its end is not used, so that the run is read again', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'one')
  const spool = Spool.begin(path, '/runs/moby', header())
  spool.append([metrics(1)], { cursor: 'one' })
  await truncate(spool.path, spool.state.bytes - 1)
  expect(Spool.open(path)).toBeUndefined()
  await writeFile(join(path, 'state.json'), '{"version":')
  expect(Spool.open(path)).toBeUndefined()
})
