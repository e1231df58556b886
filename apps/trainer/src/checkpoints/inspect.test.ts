import { mkdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { Growing } from './inspection.ts'
import { inspectCheckpoint } from './inspect.ts'
import { gguf, hdf5, pickled, SAFETENSORS, torchFile, zip } from './testing.ts'
import { temporaryFolder } from '../testing.ts'

/** With fewer bytes the format of a file cannot be recognised. */
const HEAD = 8

type Files = Record<string, Buffer | string>

/** A run's folder with files, and a function that checks one of its checkpoints. */
async function runWith(files: Files) {
  const folder = await temporaryFolder()
  for (const [name, data] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true })
    await writeFile(join(folder.path, name), data)
  }
  const look = (path: string, growing?: Growing) =>
    inspectCheckpoint(folder.path, path, null, growing && { growing })
  return { ...folder, at: (name: string) => join(folder.path, name), look }
}

const FORMATS: [file: string, whole: Buffer][] = [
  ['model.safetensors', SAFETENSORS],
  ['pytorch_model.bin', zip()],
  ['pytorch_model.pt', zip('', true)],
  ['model.keras', zip('a comment')],
  ['model.gguf', gguf()],
  ['model.weights.h5', hdf5()],
]

test.each(FORMATS)(
  '%s is complete at its full length and at no shorter length',
  async (name, whole) => {
    await using run = await runWith({ [`folder/${name}`]: whole, [name]: whole })
    for (const path of ['folder', name]) {
      expect(await run.look(path)).toMatchObject({ files_state: 'complete', files_why: null })
    }
    for (let bytes = whole.length - 1; bytes >= HEAD; bytes -= bytes > 90 ? 13 : 1) {
      await truncate(run.at(name), bytes)
      const { files_state, files_why } = await run.look(name)
      expect(`${bytes} ${files_state} ${files_why}`).toMatch(
        new RegExp(`${bytes} broken ${name} .+`),
      )
    }
  },
)

test('a safetensors file with more bytes than its header declares is broken', async () => {
  await using run = await runWith({ 'a.safetensors': Buffer.concat([SAFETENSORS, SAFETENSORS]) })
  const { files_why } = await run.look('a.safetensors')
  expect(files_why).toBe(
    `a.safetensors has ${SAFETENSORS.length} bytes more than its header declares`,
  )
})

test('a file of the right length whose bytes were never written is broken', async () => {
  await using run = await runWith({ 'a.pt': Buffer.alloc(1000) })
  expect((await run.look('a.pt')).files_why).toBe('a.pt begins with zeros only')
})

test('weights in several parts are complete only with every part, with or without an index', async () => {
  const part = (number: number) => `model-0000${number}-of-00002.safetensors`
  const index = JSON.stringify({ weight_map: { a: part(1), b: part(2) } })
  await using run = await runWith({
    [`indexed/${part(1)}`]: SAFETENSORS,
    'indexed/model.safetensors.index.json': index,
    [`plain/${part(2)}`]: SAFETENSORS,
    [`whole/${part(1)}`]: SAFETENSORS,
    [`whole/${part(2)}`]: SAFETENSORS,
    'whole/model.safetensors.index.json': index,
    'torn/pytorch_model.bin': zip(),
    'torn/pytorch_model.bin.index.json': index.slice(0, 20),
  })
  const why = async (path: string) => (await run.look(path)).files_why
  expect(await why('indexed')).toBe(`${part(2)} is missing`)
  expect(await why('plain')).toBe(`${part(1)} is missing`)
  expect(await why('whole')).toBeNull()
  expect(await why('torn')).toBe('pytorch_model.bin.index.json cannot be read')
})

test('the kind of a checkpoint is full, an adapter with its base, or sharded', async () => {
  const config = JSON.stringify({ base_model_name_or_path: 'meta-llama/Llama-3.1-8B' })
  await using run = await runWith({
    'full/model.safetensors': SAFETENSORS,
    'full/optimizer.pt': zip(),
    'adapter/adapter_model.safetensors': SAFETENSORS,
    'adapter/adapter_config.json': config,
    'adapter/training_args.bin': zip(),
    'zero/global_step5/zero_pp_rank_0_mp_rank_00_model_states.pt': zip(),
    'gathered/global_step5/zero_pp_rank_0_mp_rank_00_model_states.pt': zip(),
    'gathered/model.safetensors': SAFETENSORS,
    'distributed/pytorch_model_fsdp_0/__0_0.distcp': Buffer.concat([zip(), zip(), zip()]),
    'distributed/pytorch_model_fsdp_0/.metadata': pickled('__0_0.distcp'),
    'best.ckpt': zip(),
  })
  const kind = async (path: string) => {
    const { files_state, kind, base } = await run.look(path)
    return [files_state, kind, base]
  }
  expect(await kind('full')).toEqual(['complete', 'full', null])
  expect(await kind('adapter')).toEqual(['complete', 'adapter', 'meta-llama/Llama-3.1-8B'])
  expect(await kind('zero')).toEqual(['complete', 'sharded', null])
  expect(await kind('gathered')).toEqual(['complete', 'full', null])
  expect(await kind('distributed')).toEqual(['complete', 'sharded', null])
  expect(await kind('best.ckpt')).toEqual(['complete', 'full', null])
})

test('torch.distributed pieces are complete with their metadata, all pieces in it, and their ends', async () => {
  const three = Buffer.concat([zip('', true), zip('', true), zip('', true)])
  const metadata = pickled('__0_0.distcp', '__1_0.distcp', '__0_0.distcp')
  await using run = await runWith({
    'whole/.metadata': metadata,
    'whole/__0_0.distcp': three,
    'whole/__1_0.distcp': zip(),
    'unfinished/__0_0.distcp': three,
    'gone/.metadata': metadata,
    'gone/__0_0.distcp': three,
    'cut/.metadata': pickled('__0_0.distcp'),
    'cut/__0_0.distcp': three.subarray(0, three.length - 30),
    // An archive that is not at the beginning of the file is not a torch file.
    'glued/model.bin': three,
  })
  const why = async (path: string) => (await run.look(path)).files_why
  expect(await why('whole')).toBeNull()
  expect(await why('unfinished')).toBe('.metadata is missing: its save was cut short')
  expect(await why('gone')).toBe('__1_0.distcp is missing')
  expect(await why('cut')).toMatch(/^__0_0.distcp is cut short/)
  expect(await why('glued')).toMatch(/has a broken archive directory$/)
})

test('links that lead outside the run, and broken links, are not part of a checkpoint', async () => {
  await using elsewhere = await runWith({ 'model.safetensors': SAFETENSORS })
  await using run = await runWith({
    'out/config.json': '{}',
    'nowhere/config.json': '{}',
    'inside/config.json': '{}',
    'base.safetensors': SAFETENSORS,
  })
  await symlink(elsewhere.at('model.safetensors'), run.at('out/model.safetensors'))
  await symlink(run.at('gone.safetensors'), run.at('nowhere/model.safetensors'))
  await symlink(run.at('base.safetensors'), run.at('inside/model.safetensors'))
  await symlink(run.at('loop'), run.at('loop'))
  const look = async (path: string) => {
    const { files_state, files_why } = await run.look(path)
    return `${files_state}: ${files_why}`
  }
  expect(await look('out')).toMatch(
    /^broken: model.safetensors leads outside the run's folder, to /,
  )
  expect(await look('nowhere')).toBe('broken: model.safetensors is a broken link')
  expect(await look('inside')).toBe('complete: null')
  expect(await look('loop')).toBe('broken: its links form a loop')
  expect(await look('../../')).toMatch(/^broken: its path leads outside the run's folder/)
})

test('while a run trains, files are in state writing until they stop changing or are certainly complete', async () => {
  await using run = await runWith({
    'half.ckpt': zip().subarray(0, 60),
    'whole.ckpt': zip(),
    'raw.pt': 'pickled weights',
    'folder/model.safetensors': SAFETENSORS,
  })
  const first: Growing = { signature: null, isLogged: false }
  const state = async (path: string, growing = first) => (await run.look(path, growing)).files_state
  expect(await state('half.ckpt')).toBe('writing')
  expect(await state('whole.ckpt')).toBe('complete')
  expect(await state('raw.pt')).toBe('writing')
  expect(await state('folder')).toBe('writing')
  expect(await state('folder', { ...first, isLogged: true })).toBe('complete')
  expect((await run.look('half.ckpt')).files_state).toBe('broken')
  const earlier = new Date(Date.now() - 60_000)
  for (const path of ['half.ckpt', 'raw.pt']) await utimes(run.at(path), earlier, earlier)
  expect(await state('raw.pt', { ...first, signature: 'another' })).toBe('writing')
  const { signature } = await run.look('raw.pt')
  expect(await state('raw.pt', { ...first, signature })).toBe('complete')
  expect(await state('half.ckpt')).toBe('broken')
})

test('a signature changes only with the files', async () => {
  await using run = await runWith({ 'a/model.safetensors': SAFETENSORS })
  const signature = async () => (await run.look('a')).signature
  const before = await signature()
  expect(await signature()).toBe(before)
  await writeFile(run.at('a/README.md'), 'read me')
  expect(await signature()).not.toBe(before)
})

test('complete files with the same signature are not read again, unless an older version read them', async () => {
  await using run = await runWith({ 'a.safetensors': 'no safetensors file' })
  const seen = await run.look('a.safetensors')
  expect(seen.files_state).toBe('broken')
  const serving = { bytes: 1, has: [], is_named_for_transformers: false, task: null, shards: null }
  const previous = { ...seen, files_state: 'complete', files_why: null, serving } as const
  const older = { previous: { ...previous, serving: null } }
  expect((await inspectCheckpoint(run.path, 'a.safetensors', null, older)).files_state).toBe(
    'broken',
  )
  const look = () => inspectCheckpoint(run.path, 'a.safetensors', null, { previous })
  expect((await look()).files_state).toBe('complete')
  await writeFile(run.at('a.safetensors'), 'neither is this')
  expect((await look()).files_state).toBe('broken')
})

test('empty tensors of a ZeRO-3 process are normal if the file of its optimiser states is there', async () => {
  const names = (rank: number) => {
    const state = `zero_pp_rank_${rank}_mp_rank_00`
    return [`c/g/${state}_model_states.pt`, `c/g/bf16_${state}_optim_states.pt`] as const
  }
  const [[first, firstStates], [second, secondStates]] = [names(0), names(1)]
  const models = { [first]: torchFile({}, 0), [second]: torchFile({}, 0) }
  const states = { [firstStates]: torchFile({}), [secondStates]: torchFile({}) }
  await using run = await runWith({ ...models, ...states })
  expect(await run.look('c')).toMatchObject({ files_state: 'complete', kind: 'sharded' })
  await rm(run.at(secondStates))
  expect(await run.look('c')).toMatchObject({ files_fault: 'empty_tensors' })
})

test("Megatron's common state beside the pieces of a distributed checkpoint has no tensors", async () => {
  const empty = zip('', false, Buffer.from('\x80\x02}.', 'latin1'))
  const metadata = pickled('__0_0.distcp')
  await using run = await runWith({ 'c/common.pt': empty, 'c/.metadata': metadata })
  expect(await run.look('c')).toMatchObject({ files_fault: 'no_tensors' })
  await writeFile(run.at('c/__0_0.distcp'), zip())
  expect(await run.look('c')).toMatchObject({ files_state: 'complete' })
})
