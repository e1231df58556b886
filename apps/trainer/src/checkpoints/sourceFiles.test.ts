import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { sourceFiles } from './sourceFiles.ts'

test('the files of a TensorFlow checkpoint are those whose names begin with its path', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'run')
  await mkdir(root)
  const parts = ['ckpt-3.data-00000-of-00001', 'ckpt-3.index']
  for (const name of [...parts, 'ckpt-30.index', 'checkpoint'])
    await writeFile(join(root, name), name)
  const files = await sourceFiles(root, join(root, 'ckpt-3'))
  expect(files.map(({ name, bytes, isWhole }) => [name, bytes, isWhole])).toEqual([
    ['ckpt-3.data-00000-of-00001', 26, false],
    ['ckpt-3.index', 12, false],
  ])
})
