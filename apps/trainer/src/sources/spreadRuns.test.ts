import { join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { searchRuns } from './runSearch.ts'
import { readRun } from './readRun.ts'
import { eventRecord } from './tensorboard/tfeventsTesting.ts'

async function found(root: string): Promise<string[]> {
  const walk = { signal: new AbortController().signal, onUnreadable: () => undefined }
  const folders: string[] = []
  for await (const { folder, source } of searchRuns(root, walk)) {
    folders.push(`${folder.slice(root.length)} ${source}`)
  }
  return folders
}

const losses = [0.9, 0.7, 0.8]
const events = (tag: string): Buffer =>
  Buffer.concat(losses.map((value, index) => eventRecord(index + 1, [{ tag, value }])))
const weights = Object.fromEntries([1, 2, 3].map((step) => [`model_${step}.pt`, 'w']))

test('event files of one add_scalars call are one run with its weights', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'exp/events.out.tfevents.1.h.1.0': events('lr'),
    'exp/loss_train/events.out.tfevents.1.h.1.1': events('loss'),
    'exp/loss_val/events.out.tfevents.1.h.1.2': events('loss'),
    ...Object.fromEntries(Object.entries(weights).map(([name, text]) => [`exp/${name}`, text])),
  })
  expect(await found(folder.path)).toEqual(['/exp tensorboard'])
  const run = await readRun(join(folder.path, 'exp'))
  const { best } = select({ policy: 'as_declared', ...rowsFrom(run.events) })
  expect(best?.path).toBe('model_2.pt')
})

test('event files of add_scalars may be in folders below, and its tag may name both splits', async () => {
  await using folder = await temporaryFolder()
  const tag = 'Training vs. Validation Loss'
  await writeFiles(folder.path, {
    'runs/trainer_1/events.out.tfevents.1.h.1.0': Buffer.alloc(0),
    [`runs/trainer_1/${tag}_Training/events.out.tfevents.1.h.1.1`]: events(tag),
    [`runs/trainer_1/${tag}_Validation/events.out.tfevents.1.h.1.2`]: events(tag),
    ...weights,
  })
  expect(await found(folder.path)).toEqual([' tensorboard'])
  const { best, metric } = select({
    policy: 'as_declared',
    ...rowsFrom((await readRun(folder.path)).events),
  })
  expect([best?.path, metric]).toEqual(['model_2.pt', 'eval_loss'])
})

test('weights and event files in sibling folders of the same name are one run', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'logs/one/events.out.tfevents.1.h.1.0': events('val/loss'),
    'logs/two/events.out.tfevents.1.h.1.0': events('val/loss'),
    ...Object.fromEntries(
      Object.entries(weights).map(([name, text]) => [`checkpoints/one/${name}`, text]),
    ),
    ...Object.fromEntries(
      Object.entries(weights).map(([name, text]) => [`checkpoints/two/${name}`, text]),
    ),
  })
  expect((await found(folder.path)).sort()).toEqual([
    '/checkpoints/one tensorboard',
    '/checkpoints/two tensorboard',
  ])
  const run = await readRun(join(folder.path, 'logs/one'))
  expect(run.root).toBe(join(folder.path, 'checkpoints/one'))
})

test('logger folders below a run are not separate runs', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'run/checkpoints/epoch=1-step=20.ckpt': 'w',
    'run/csv/version_0/metrics.csv': 'epoch,step,train_loss,val_loss\n0,9,1,0.9\n1,19,1,0.5\n',
    'run/tensorboard/version_0/events.out.tfevents.1.h.1.0': events('val_loss'),
  })
  expect(await found(folder.path)).toEqual(['/run lightning_csv'])
})

test('a folder with the files of a run is a separate run, with any name', async () => {
  await using folder = await temporaryFolder()
  for (const name of ['train', 'train2']) {
    await writeFiles(join(folder.path, name), {
      'results.csv': 'epoch,metrics/mAP50(B),metrics/mAP50-95(B)\n1,0.5,0.4\n',
      'args.yaml': 'epochs: 1\n',
      'weights/best.pt': 'w',
      'events.out.tfevents.1.h.1.0': events('metrics/mAP50-95(B)'),
    })
  }
  expect(await found(folder.path)).toEqual(['/train ultralytics', '/train2 ultralytics'])
})

test('a folder with the note of bestmark run is a run of its own, also if it is called like a part of the run above', async () => {
  const log = 'epoch,loss,val_loss\n1,1,0.9\n2,1,0.8\n'
  const note = JSON.stringify({ name: 'inner', project: 'p' })
  for (const name of ['inner', 'train', 'checkpoints', 'logs']) {
    await using folder = await temporaryFolder()
    await writeFiles(folder.path, {
      'log.csv': log,
      'model_1.pt': 'w',
      [`${name}/bestmark-run.json`]: note,
      [`${name}/history.csv`]: log.replaceAll('0.', '0.5'),
      [`${name}/model_2.pt`]: 'w',
    })
    const { events } = await readRun(folder.path)
    const saved = events.flatMap((event) => (event.type === 'checkpoint' ? [event.path] : []))
    expect(saved).toEqual(['model_1.pt'])
    expect(await found(folder.path)).toEqual([' keras_csv', `/${name} keras_csv`])
  }
})
