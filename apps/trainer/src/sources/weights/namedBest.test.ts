import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readerNotes } from '../events/newEvents.ts'
import { readRun } from '../readRun.ts'

const LOG = ['epoch,train_loss,val_loss', '1,1,0.9', '2,0.8,0.7', '3,0.6,0.8', ''].join('\n')
const RUN = {
  'log.csv': LOG,
  'ckpt/model_1.pt': 'w',
  'ckpt/model_2.pt': 'w',
  'ckpt/model_3.pt': 'w',
}

/** What is read of a run in `work/runs/a`: the claimed best, and the codes of the notes about it. */
async function readClaim(
  files: Readonly<Record<string, string>>,
  run: Readonly<Record<string, string>> = RUN,
) {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'work/runs/a')
  await mkdir(root, { recursive: true })
  await writeFiles(root, { ...run })
  const placed = Object.entries(files).map(([path, text]) => {
    return [path, text.replace('ROOT', folder.path)] as const
  })
  await writeFiles(folder.path, Object.fromEntries(placed))
  const { events } = await readRun(root)
  const claim = events.findLast((event) => event.type === 'claim')
  const notes = readerNotes(events).filter(({ code }) => /^best_/.test(code ?? ''))
  const place = notes.map(({ code, text }) => `${code}: ${text.replaceAll(folder.path, 'ROOT')}`)
  return { path: claim?.path, step: claim?.step, place }
}

test('a file that names the best weights is followed: from itself, from the root, and from the folder where the program ran', async () => {
  const claimed = { path: 'ckpt/model_2.pt', step: 2, place: [] }
  expect(await readClaim({ 'work/runs/a/ckpt/best.txt': 'model_2.pt\n' })).toEqual(claimed)
  expect(await readClaim({ 'work/runs/a/best_model.txt': 'ckpt/model_2.pt' })).toEqual(claimed)
  expect(await readClaim({ 'work/runs/a/best.txt': 'runs/a/ckpt/model_2.pt' })).toEqual(claimed)
  const record = JSON.stringify({ best_model_path: 'ROOT/work/runs/a/ckpt/model_2.pt', score: 1 })
  expect(await readClaim({ 'work/runs/a/best.json': record })).toEqual(claimed)
  const moved = '/home/someone/project/runs/a/ckpt/model_2.pt'
  expect(await readClaim({ 'work/runs/a/best': `best: ${moved}` })).toEqual(claimed)
})

test('the setup of a run has the working directory of its program', async () => {
  const setup = { config: {}, environment: { working_directory: 'ROOT/elsewhere/start' } }
  const found = await readClaim({
    'work/runs/a/best.txt': 'weights/model_2.pt',
    'work/runs/a/bestmark-setup.json': JSON.stringify(setup),
    'elsewhere/start/weights/model_2.pt': 'w',
  })
  expect(found.path).toBe('weights/model_2.pt')
  expect(found.place).toEqual([
    "best_elsewhere: The best checkpoint that best.txt names is outside this run's folder: ROOT/elsewhere/start/weights/model_2.pt. If its weights are those of this run, add --checkpoints ROOT/elsewhere/start/weights",
  ])
})

test('best weights outside the run are told with their place, also beside a file of the same name', async () => {
  const { place } = await readClaim({
    'work/runs/a/best.txt': '../b/best.pt',
    'work/runs/b/best.pt': 'w',
    'work/runs/a/best.pt': 'other',
  })
  expect(place).toEqual([
    expect.stringMatching(/^best_elsewhere: .* ROOT\/work\/runs\/b\/best\.pt\. /),
  ])
  const absolute = await readClaim({
    'work/runs/a/best.txt': 'ROOT/disk/x/best.pt',
    'disk/x/best.pt': 'w',
  })
  expect(absolute.place).toEqual([
    expect.stringMatching(/^best_elsewhere: .* ROOT\/disk\/x\/best\.pt\. /),
  ])
})

test('best weights that are on another machine are called so', async () => {
  const { path, place } = await readClaim({ 'work/runs/a/best.txt': '/mnt/other/run/best_7.pt' })
  expect(path).toBe('/mnt/other/run/best_7.pt')
  expect(place).toEqual([
    'best_not_found: The best checkpoint that best.txt names is not on this machine: /mnt/other/run/best_7.pt',
  ])
})

test('other texts with such a name are no path', async () => {
  for (const text of ['0.71', 'accuracy 0.9 at epoch 3', '{"epoch": 3, "loss": 0.4}', '3'])
    expect(await readClaim({ 'work/runs/a/best.txt': text })).toEqual({ place: [] })
})
