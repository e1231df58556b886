import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { checkWeights } from './weights.ts'

test('a pickle that joblib compressed is checked to its end', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'model.joblib')
  const whole = deflateSync(Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * at) % 251)))
  await writeFile(path, whole)
  expect(await checkWeights(path, whole.length)).toMatchObject({ problem: null, ends: true })
  const part = whole.subarray(0, whole.length - 7)
  await writeFile(path, part)
  expect((await checkWeights(path, part.length)).problem).toMatchObject({ fault: 'cut_short' })
})
