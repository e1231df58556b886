import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { tensorflowSteps } from './tensorflowSteps.ts'
import { checkWeights } from './weights.ts'

/** What real runs wrote, beside the scripts that made them. */
const FIXTURES = fileURLToPath(new URL('../../sources/fixtures/programs', import.meta.url))

/** Copies of some bytes, each with one byte replaced. */
function* damaged(bytes: Buffer, every = 1): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += every) {
    for (const value of [0x00, 0x7f, 0xff]) {
      const copy = Buffer.from(bytes)
      copy[at] = value
      yield copy
    }
  }
}

test('an index of TensorFlow with any damaged byte gives a count or none', async () => {
  await using folder = await temporaryFolder()
  const from = join(FIXTURES, 'tensorflow')
  const data = 'ckpt-3.data-00000-of-00001'
  await writeFile(join(folder.path, data), await readFile(join(from, data)))
  const index = join(folder.path, 'ckpt-3.index')
  const whole = await readFile(join(from, 'ckpt-3.index'))
  await writeFile(index, whole)
  expect(await tensorflowSteps(index, whole.length)).toBe(2000)
  for (const bytes of damaged(whole)) {
    await writeFile(index, bytes)
    const steps = await tensorflowSteps(index, bytes.length)
    expect(steps === null || Number.isSafeInteger(steps)).toBe(true)
  }
})

/** A block of a table with one key and value, and its end. All numbers are below 128. */
function block(key: string, value: readonly number[]): Buffer {
  const entry = [0, key.length, value.length, ...Buffer.from(key), ...value]
  // The restarts, their number, the kind of compression and a checksum.
  return Buffer.from([...entry, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
}

test('an entry that is cut within a length has no count', async () => {
  await using folder = await temporaryFolder()
  const data = block('global_step', [0x12])
  const [size, rest] = [data.length - 5, block('h', [0, data.length - 5])]
  expect(size).toBeLessThan(128)
  const footer = Buffer.alloc(48)
  footer.set([0, 0, data.length, rest.length - 5])
  footer.writeBigUInt64LE(0xdb4775248b80fb57n, 40)
  const path = join(folder.path, 'model.index')
  const table = Buffer.concat([data, rest, footer])
  await writeFile(path, table)
  expect(await tensorflowSteps(path, table.length)).toBeNull()
})

test.each(['flax/checkpoint_2000', 'sklearn/model_1.joblib'])(
  '%s is whole, broken at every earlier end, and checked with any damaged byte',
  async (name) => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'model_1.joblib')
    const whole = await readFile(join(FIXTURES, name))
    const check = async (bytes: Buffer) => {
      await writeFile(path, bytes)
      return checkWeights(path, bytes.length)
    }
    expect(await check(whole)).toEqual({ problem: null, ends: true })
    // A few bytes do not show the form of a file.
    for (let length = 64; length < whole.length; length += 7) {
      expect((await check(whole.subarray(0, length))).problem?.fault).toBe('cut_short')
    }
    for (const bytes of damaged(whole, 5)) expect(await check(bytes)).toHaveProperty('ends')
  },
)
