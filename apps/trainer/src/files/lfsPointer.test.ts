import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lfsAdvice } from './lfsPointer.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-lfs-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function advice(path: string): Promise<string> {
  await mkdir(join(folder, path, '..'), { recursive: true })
  await writeFile(join(folder, path), 'version https://git-lfs.github.com/spec/v1\n')
  return lfsAdvice(join(folder, path))
}

test('a pointer outside of a repository cannot be fetched by Git', async () => {
  expect(await advice('alone/model.bin')).toBe('download the file itself')
})

test('the command names the file from the root of its repository, and all pieces of it', async () => {
  await mkdir(join(folder, 'repository/.git'), { recursive: true })
  expect(await advice('repository/out/c-1/model.safetensors')).toBe(
    'fetch it with: git lfs pull --include "out/c-1/model.safetensors"',
  )
  expect(await advice('repository/out/c-2/model-00001-of-00003.safetensors')).toBe(
    'fetch it with: git lfs pull --include "out/c-2/model-*.safetensors"',
  )
})
