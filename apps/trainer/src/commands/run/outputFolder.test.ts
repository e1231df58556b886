import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { namedFolders } from './namedPaths.ts'
import { outputFolderOf } from './outputFolder.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'words-'))
  await writeFile(
    join(folder, 'sft.yaml'),
    'model: tiny\noutput_dir: saves/sft\nnested:\n  out_dir: no\n',
  )
  await writeFile(join(folder, 'args.json'), '{"output_dir": "out/json", "max_steps": 10}')
  await writeFile(join(folder, 'broken.yaml'), 'output_dir: [')
  await writeFile(join(folder, 'train.py'), "import os\nout_dir = 'out'\n")
  await writeFile(join(folder, 'config.py'), 'out_dir = "out-shakespeare"\n')
  await writeFile(join(folder, 'plain.py'), 'print("nothing")\n')
})
afterAll(() => rm(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)

test.each([
  ['an option', ['python', 'x.py', '--output_dir', 'a'], 'a'],
  ['an option with =', ['python', 'x.py', '--out-dir=b=c'], 'b=c'],
  ['the last of equal options', ['x', '--output_dir', 'a', '--output_dir', 'b'], 'b'],
  ['its output, not its logs', ['torchrun', '--log-dir', 'l', 'x', '--output_dir', 'a'], 'a'],
  ['its logs where there is no more', ['python', 'x.py', '--logdir=tb'], 'tb'],
])('the output folder comes from %s', async (_, argv, expected) => {
  expect(await outputFolderOf(argv)).toBe(expected)
})

test('a URI in an object store is no output folder', async () => {
  expect(await outputFolderOf(['x', '--output_dir', 's3://bucket/run'])).toBeUndefined()
  expect(await outputFolderOf(['x', '--output_dir', 's3://b/r', '--logdir=tb'])).toBe('tb')
  expect(namedFolders(['x', '--out=s3://bucket/run', 'gs://bucket/run'], folder)).toEqual([])
})

test('the output folder comes from a configuration file, unless an option names it', async () => {
  expect(await outputFolderOf(['llamafactory-cli', 'train', at('sft.yaml')])).toBe('saves/sft')
  expect(await outputFolderOf(['python', 'x.py', at('args.json')])).toBe('out/json')
  expect(await outputFolderOf(['trl', 'sft', `--config=${at('sft.yaml')}`])).toBe('saves/sft')
  expect(await outputFolderOf(['x', at('sft.yaml'), '--output_dir', 'other'])).toBe('other')
})

test('a file that is too long for a configuration is not read', async () => {
  const path = at('data.json')
  await writeFile(path, `{"output_dir": "a", "rows": "${'x'.repeat(1 << 20)}"}`)
  expect(await outputFolderOf(['train', path])).toBeUndefined()
})

test('if there are several configuration files of nanoGPT, the last one counts, as in nanoGPT', async () => {
  expect(await outputFolderOf(['python', at('train.py')])).toBe('out')
  expect(await outputFolderOf(['python', at('train.py'), at('config.py')])).toBe('out-shakespeare')
})

test('without an output folder in the arguments the result is undefined', async () => {
  const words = ['python', at('plain.py'), at('broken.yaml'), at('missing.yaml'), '--output_dir']
  expect(await outputFolderOf(words)).toBeUndefined()
  expect(await outputFolderOf([...words, '--fp16'])).toBeUndefined()
})
