import { join } from 'node:path'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readerWarnings } from '../events/newEvents.ts'
import { readWhole } from '../reader/source.ts'
import { readRun } from '../readRun.ts'
import { findSources, openRun } from '../sources.ts'

const LOG = [3, 2, 4].map((loss, index) => `Epoch ${index + 1}/3 train loss 1.0 val loss ${loss}\n`)

/** The reader's warnings for a run whose folder has a log and these files, beside a store of weights. */
async function warnings(
  files: (store: string) => Readonly<Record<string, string | Uint8Array>>,
  saved = 'ckpts/epoch_1.pt',
) {
  await using folder = await temporaryFolder()
  const [root, store] = [join(folder.path, 'run'), join(folder.path, 'store')]
  await writeFiles(store, { [saved]: torchFile({}) })
  await writeFiles(root, { 'train.log': LOG.join(''), ...files(store) })
  const { events } = await readRun(root)
  return readerWarnings(events).map((text) => text.replaceAll(folder.path, 'ABOVE'))
}

test.each([
  ['train.log', (store: string) => `Saving to ${store}/ckpts/epoch_1.pt\n${LOG.join('')}`],
  ['config.yaml', (store: string) => `lr: 0.1\ncheckpoint_dir: ${store}/ckpts\n`],
  ['args.json', (store: string) => JSON.stringify({ save_dir: `${store}/ckpts` })],
  ['train.py', (store: string) => `OUT = "${store}/ckpts"\n`],
] as const)(
  'for a run without weights, a folder of weights that %s names is told',
  async (name, text) => {
    expect(await warnings((store) => ({ [name]: text(store) }))).toEqual([
      `This run's folder has no weights. ${name} names ABOVE/store/ckpts, which has some. If they are those of this run, add --checkpoints ABOVE/store/ckpts`,
    ])
  },
)

test('a run with weights, and a folder of a model to begin with, need no other weights', async () => {
  const config = (store: string) => ({ 'config.yaml': `checkpoint_dir: ${store}/ckpts\n` })
  const own = { 'epoch_2.pt': torchFile({}) }
  expect(await warnings((store) => ({ ...config(store), ...own }))).toEqual([])
  expect(await warnings(config, 'ckpts/pytorch_model.bin')).toEqual([])
})

test('while a run trains nothing is told, since its first checkpoint may still come', async () => {
  await using folder = await temporaryFolder()
  const [root, store] = [join(folder.path, 'run'), join(folder.path, 'store')]
  await writeFiles(store, { 'ckpts/epoch_1.pt': torchFile({}) })
  const config = `checkpoint_dir: ${store}/ckpts\n`
  await writeFiles(root, { 'train.log': LOG.join(''), 'config.yaml': config })
  const sources = await findSources(root)
  const told = async (isOver: boolean): Promise<number> => {
    const events = await readWhole(openRun(sources, { root, cursor: null, isOver }))
    return readerWarnings(events).length
  }
  expect([await told(false), await told(true)]).toEqual([0, 1])
})
