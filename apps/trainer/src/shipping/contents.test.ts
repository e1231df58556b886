import type { FrozenChoice } from '@bestmark/core'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { SAFETENSORS, torchFile } from '../checkpoints/testing.ts'
import { checkpointDigest, computeDigest } from '../checkpoints/digest.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { cardWith, modelIndex } from './modelCard.ts'
import { Damaged, shipToFolder, type Shipment } from './shipment.ts'

const never = new AbortController().signal
const OPTIMIZER = torchFile({ param_groups: {}, state: {} })
const CHOICE: FrozenChoice = {
  ...{ policy: 'as_declared', policy_version: 1, metric: 'eval_loss', direction: 'min' },
  ...{ declared_by: 'the run', value: 1.5, rank: 1, candidates: 2, alternatives: [] },
  ...{ noise: null, missed_best: null, reason: 'the lowest' },
}

async function aShipment(
  folder: string,
  files: Record<string, Buffer | string>,
): Promise<Shipment> {
  const [root, source] = [join(folder, 'run'), join(folder, 'run', 'checkpoint-100')]
  await writeFiles(source, files)
  return {
    ...{ root, source, deployment_id: 'one', created_at: 1, version: 'v1', ledger: {} },
    ...{ modelFolder: join(folder, 'models', 'moby'), stateFile: null, digest: null },
    ...{ contents: 'serving', kind: 'full' },
  }
}

/** Ships, and returns the names of the shipped files and the manifest. */
async function ship(shipment: Shipment) {
  const path = await shipToFolder(shipment, () => {}, never)
  const manifest = JSON.parse(await readFile(join(path, 'bestmark.json'), 'utf8'))
  const at = (name: string) => readFile(join(path, name), 'utf8')
  return { names: (await readdir(path)).sort(), manifest, at }
}

const TRAINED = {
  'model.safetensors': SAFETENSORS,
  'config.json': '{}',
  'optimizer.pt': OPTIMIZER,
  'trainer_state.json': '{}',
}

test('for serving, the manifest names what was left out, and the copy is complete without it', async () => {
  await using folder = await temporaryFolder()
  const shipment = { ...(await aShipment(folder.path, TRAINED)), stateFile: 'trainer_state.json' }
  const { names, manifest } = await ship(shipment)
  expect(names).toEqual(['bestmark.json', 'config.json', 'model.safetensors'])
  expect(manifest).toMatchObject({
    ...{ contents: 'serving', source_digest: null, with_training_state: [] },
    left_out: [
      { name: 'optimizer.pt', bytes: OPTIMIZER.length, why: 'optimizer' },
      { name: 'trainer_state.json', bytes: 2, why: 'trainer_state' },
    ],
  })
  expect(manifest.digest).toBe(checkpointDigest(new Map(Object.entries(manifest.files))))
})

test('as a whole, every file is shipped', async () => {
  await using folder = await temporaryFolder()
  const { names, manifest } = await ship({
    ...(await aShipment(folder.path, TRAINED)),
    contents: 'whole',
  })
  expect(names).toEqual(['bestmark.json', ...Object.keys(TRAINED)].sort())
  expect(manifest.left_out).toEqual([])
})

test('a file with weights and an optimiser is shipped whole, and the manifest says so', async () => {
  await using folder = await temporaryFolder()
  const both = torchFile({ optimizer: { lr: 1 }, model: { w: 1 } })
  const { names, manifest } = await ship(await aShipment(folder.path, { 'both.pt': both }))
  expect(names).toEqual(['bestmark.json', 'both.pt'])
  expect(manifest).toMatchObject({
    left_out: [],
    with_training_state: [{ name: 'both.pt', keys: ['optimizer'] }],
  })
})

test('a stored digest covers files that are left out, so damage is found there, too', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path, TRAINED)
  const digest = await computeDigest(shipment.root, shipment.source, Infinity, never)
  await writeFile(join(shipment.source, 'config.json'), '[]')
  await expect(ship({ ...shipment, digest })).rejects.toThrow(Damaged)
  await writeFile(join(shipment.source, 'config.json'), '{}')
  expect((await ship({ ...shipment, digest })).manifest.source_digest).toBe(digest)
})

test('missing files are taken from another folder, and the manifest says from where', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path, { 'model.safetensors': SAFETENSORS })
  const files = { 'config.json': '{}', 'tokenizer.json': '{}', 'model.safetensors': 'other' }
  await writeFiles(join(shipment.root, 'checkpoint-50'), { ...files, 'secret.json': 'x' })
  const { names, manifest } = await ship({ ...shipment, files_from: 'checkpoint-50' })
  expect(names).toEqual(['bestmark.json', 'config.json', 'model.safetensors', 'tokenizer.json'])
  expect(manifest.added).toEqual([
    { name: 'config.json', from: join(shipment.root, 'checkpoint-50', 'config.json') },
    { name: 'tokenizer.json', from: join(shipment.root, 'checkpoint-50', 'tokenizer.json') },
  ])
  const nothing = ship({ ...shipment, version: 'v2', files_from: 'checkpoint-100' })
  await expect(nothing).rejects.toThrow('has no file of a configuration or a tokenizer')
})

test('a file to add that leads out of the run is refused', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path, { 'model.safetensors': SAFETENSORS })
  await writeFile(join(folder.path, 'secret'), 'x')
  await mkdir(join(shipment.root, 'other'))
  await symlink(join(folder.path, 'secret'), join(shipment.root, 'other', 'tokenizer.json'))
  await expect(ship({ ...shipment, files_from: 'other' })).rejects.toThrow('leads outside the run')
})

test('the evaluation is written into the copied model card, and the original stays', async () => {
  await using folder = await temporaryFolder()
  const readme = '---\nlicense: mit\n---\n# Moby\n'
  const config = '{"architectures": ["LlamaForCausalLM"]}'
  const files = { 'model.safetensors': SAFETENSORS, 'README.md': readme, 'config.json': config }
  const shipment = await aShipment(folder.path, files)
  const { at, names } = await ship({ ...shipment, card: { model_name: 'moby', choice: CHOICE } })
  expect(await readFile(join(shipment.source, 'README.md'), 'utf8')).toBe(readme)
  const [, matter = '', text] = (await at('README.md')).split('---\n')
  expect(parse(matter)).toEqual({
    license: 'mit',
    'model-index': [
      {
        name: 'moby',
        results: [
          {
            task: { type: 'text-generation' },
            dataset: { type: 'unknown', name: 'unknown' },
            metrics: [{ type: 'eval_loss', name: 'eval_loss', value: 1.5 }],
          },
        ],
      },
    ],
  })
  expect([text, names.includes('model-index.yaml')]).toEqual(['# Moby\n', false])
})

test('without a model card the evaluation lies beside the weights, and is checked like them', async () => {
  await using folder = await temporaryFolder()
  const shipment = await aShipment(folder.path, { 'model.safetensors': SAFETENSORS })
  const { names, manifest } = await ship({
    ...shipment,
    card: { model_name: 'moby', choice: CHOICE },
  })
  expect(names).toEqual(['bestmark.json', 'model-index.yaml', 'model.safetensors'])
  expect(Object.keys(manifest.files)).toContain('model-index.yaml')
  expect(manifest.written).toEqual(['model-index.yaml'])
})

test('a card with an index of its own is not changed, and a value that is no number gives none', () => {
  const index = 'model-index: []\n'
  expect(cardWith(`---\n${index}---\ntext`, index)).toBeUndefined()
  expect(cardWith('---\n- a list\n---\ntext', index)).toBeUndefined()
  expect(cardWith('text', index)).toBe(`---\n${index}---\ntext`)
  expect(cardWith('---\n---\ntext', index)).toBe(`---\n${index}---\ntext`)
  const facts = { model_name: 'moby', architecture: null }
  expect(modelIndex({ ...facts, choice: { ...CHOICE, value: NaN } })).toBeUndefined()
})
