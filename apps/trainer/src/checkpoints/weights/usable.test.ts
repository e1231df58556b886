import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeSafetensors } from '@bestmark/char-lm'
import { temporaryFolder, writeOutput } from '../../testing.ts'
import { readRun } from '../../sources/readRun.ts'
import { rowsFrom, select } from '@bestmark/core'
import { checkWeights } from './weights.ts'

test.each([
  ['no tensor', {}, 'contains no tensors'],
  ['one of two tensors empty', { a: [2], b: [0] }, 'has 1 empty tensor of 2'],
  ['all tensors empty', { a: [0, 8], b: [0] }, 'has 2 empty tensors of 2'],
  ['two tensors', { a: [2], b: [3] }, null],
])('well-formed weights with %s: %j', async (_case, shapes, why) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'model.safetensors')
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const values = shape.reduce((product, size) => product * size, 1)
    return [name, { shape, data: new Float32Array(values) }] as const
  })
  const bytes = writeSafetensors(Object.fromEntries(tensors))
  await writeFile(path, bytes)
  expect((await checkWeights(path, bytes.length)).problem?.why ?? null).toBe(why)
})

const LOG = [100, 200, 300].map((step) => ({ step, eval_loss: 3 - step / 100 + 0.1 }))

test('checkpoints without state files are complete if only the root of the run has one', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [], log: LOG })
  for (const { step } of LOG) {
    await mkdir(join(folder.path, `checkpoint-${step}`))
    const bytes = writeSafetensors({ projector: { shape: [1], data: Float32Array.of(step) } })
    await writeFile(join(folder.path, `checkpoint-${step}`, 'model.safetensors'), bytes)
  }
  const { events } = await readRun(folder.path)
  expect(select({ policy: 'as_declared', ...rowsFrom(events) }).best?.path).toBe('checkpoint-300')
})

test('a folder that holds weights and their state is a checkpoint by itself', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [], log: LOG.slice(0, 2) })
  const bytes = writeSafetensors({ weight: { shape: [1], data: Float32Array.of(1) } })
  await writeFile(join(folder.path, 'model.safetensors'), bytes)
  const { events } = await readRun(folder.path)
  const { best } = select({ policy: 'as_declared', ...rowsFrom(events) })
  expect(best).toMatchObject({ path: '.', step: 200 })
})

test('a last-checkpoint of the Hub has the step in its state', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(join(folder.path, 'last-checkpoint'), { saves: [], log: LOG })
  const bytes = writeSafetensors({ weight: { shape: [1], data: Float32Array.of(1) } })
  await writeFile(join(folder.path, 'last-checkpoint', 'model.safetensors'), bytes)
  const { events } = await readRun(folder.path)
  const { best } = select({ policy: 'as_declared', ...rowsFrom(events) })
  expect(best).toMatchObject({ path: 'last-checkpoint', step: 300 })
})
