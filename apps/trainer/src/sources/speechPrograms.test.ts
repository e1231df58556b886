import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { temporaryFolder } from '../testing.ts'
import { bestOf, readFolder, weights } from './foldersTesting.ts'
import { readRun } from './readRun.ts'
import { eventRecord } from './tensorboard/tfeventsTesting.ts'

/** What real runs wrote, beside the scripts that made them. Other folders are written from the source. */
const FIXTURES = fileURLToPath(new URL('fixtures/programs', import.meta.url))

async function read(recorded: string) {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, recorded), folder.path, { recursive: true })
  const rows = rowsFrom((await readRun(folder.path)).events)
  const { best, metric } = select({ policy: 'as_declared', ...rows })
  const steps = Object.fromEntries(rows.checkpoints.map(({ path, step }) => [path, step]))
  return { best: [best?.step, metric, best?.value], path: best?.path, steps, rows }
}

test("Coqui's evaluation is of the weights that its log names after it", async () => {
  const { best, path, steps, rows } = await read('coqui')
  // The script printed `best_model_10.pth 10 1 {…'eval_loss': 0.32679158821702003}`.
  expect(best).toEqual([10, 'eval_loss', 0.32679158821702003])
  // A later step of the next epoch was saved under the same number.
  expect(path).toBe('best_model.pth')
  expect(steps).toMatchObject({ 'best_model_10.pth': 10, 'checkpoint_5.pth': 5 })
  // The step of the third evaluation is that of the last printed batch: nothing was saved after it.
  expect(rows.evaluations.map(({ step }) => step).slice(0, 2)).toEqual([5, 10])
})

test("the folders of SpeechBrain's checkpoints have dates, and their metrics show the epoch", async () => {
  const { best, steps, rows } = await read('speechbrain')
  // The script printed `epoch 4 error 1.7911074194338963`.
  expect(best).toEqual([4, 'eval_loss', 3.21])
  expect(Object.values(steps).sort()).toEqual([1, 4, 5])
  expect(rows.checkpoints.map(({ files_state }) => files_state)).toEqual([
    'complete',
    'complete',
    'complete',
  ])
})

const LOSSES = [9, 5, 4, 4.5]
const wenet = (tag: (epoch: number) => string, metrics: (loss: number) => string) =>
  Object.fromEntries(
    LOSSES.flatMap((loss, epoch) => [
      [`${tag(epoch)}.pt`, torchFile({})],
      [
        `${tag(epoch)}.yaml`,
        `accum_grad: 4\nepoch: ${epoch}\n${metrics(loss)}\nmax_epoch: 4\nstep: ${1000 * (epoch + 1)}\n`,
      ],
    ]),
  )

test.each([
  ['before 3.0', '2.pt', wenet(String, (loss) => `cv_loss: ${loss}\nlr: 0.001`)],
  [
    'since 3.0',
    'epoch_2.pt',
    wenet(
      (epoch) => `epoch_${epoch}`,
      (loss) => `loss_dict:\n  acc: 0.5\n  loss: ${loss}\n  loss_ctc: null\nlrs:\n- 0.001`,
    ),
  ],
])("WeNet's YAML beside weights has their step and loss, %s", async (_version, path, files) => {
  const options = { 'init.pt': torchFile({}), 'init.yaml': 'accum_grad: 4\ntag: init\n' }
  const { best, events } = await readFolder({ ...files, ...options })
  expect(best).toEqual([path, 3000, 'eval_loss', 4])
  expect(JSON.stringify(events)).not.toContain('The only evidence')
})

test("WeNet's log names its held-out data `cv`", async () => {
  const log = LOSSES.map(
    (loss, epoch) =>
      `2026-11-20 10:00:00,123 INFO Epoch ${epoch} Step ${1000 * (epoch + 1)} CV info lr 1.0000e-03 cv_loss ${loss} rank 0 acc 0.5\n`,
  ).join('')
  const saved = weights(['epoch_0.pt', 'epoch_1.pt', 'epoch_2.pt', 'epoch_3.pt'])
  const best = await bestOf({ 'train.log': log, ...saved })
  expect(best).toEqual(['epoch_2.pt', 3000, 'eval_loss', 4])
})

test("Tacotron 2's files have no extension, and its lines name an iteration after the loss", async () => {
  const log = [0, 1000, 2000]
    .map(
      (iteration, index) =>
        `Train loss ${iteration} 0.512345 Grad Norm 1.000000 1.20s/it\nValidation loss ${iteration}:  ${[0.9, 0.4, 0.5][index]?.toFixed(6)}  \nSaving model and optimizer state at iteration ${iteration} to out/checkpoint_${iteration}\n`,
    )
    .join('')
  const saved = weights(['checkpoint_0', 'checkpoint_1000', 'checkpoint_2000'])
  expect(await bestOf({ 'train.log': log, ...saved })).toEqual([
    'checkpoint_1000',
    1000,
    'eval_loss',
    0.4,
  ])
})

test('the total of several held-out losses is the loss, as in FastSpeech 2', async () => {
  const line = (loss: number): string =>
    `Total Loss: ${loss.toFixed(4)}, Mel Loss: 0.3000, Mel PostNet Loss: 0.3000, Pitch Loss: 0.2000, Energy Loss: 0.1000, Duration Loss: 0.1000\n`
  const validation = [0.9, 0.7, 0.8].map(
    (loss, index) => `Validation Step ${1000 * (index + 1)}, ${line(loss)}`,
  )
  const training = Array.from(
    { length: 30 },
    (_, index) => `Step ${100 * (index + 1)}/3000, ${line(1)}`,
  )
  const saved = weights([1000, 2000, 3000].map((step) => `ckpt/${step}.pth.tar`))
  const files = { 'log/val/log.txt': validation.join(''), 'log/train/log.txt': training.join('') }
  expect(await bestOf({ ...files, ...saved })).toEqual([
    'ckpt/2000.pth.tar',
    2000,
    'eval_loss',
    0.7,
  ])
})

test('a held-out loss is not replaced by a total that is logged beside it', async () => {
  const rows = [0.4, 0.3].map((val_loss, index) => {
    return `${JSON.stringify({ step: index + 1, val_loss, val_total_loss: 9 })}\n`
  })
  const { rows: read } = await readFolder({ 'log.jsonl': rows.join('') })
  expect(read.evaluations.map(({ values }) => values)).toEqual([
    { eval_loss: 0.4, val_total_loss: 9 },
    { eval_loss: 0.3, val_total_loss: 9 },
  ])
})

test("HiFi-GAN's validation is in event files below its weights, which have no extension", async () => {
  const event = (tag: string) => (value: number, index: number) =>
    eventRecord(1000 * (index + 1), [{ tag, value }])
  const events = [
    ...[30, 30, 30].map(event('training/gen_loss_total')),
    ...[0.5, 0.3, 0.4].map(event('validation/mel_spec_error')),
  ]
  const names = [1000, 2000, 3000].flatMap((step) => [`g_0000${step}`, `do_0000${step}`])
  const { best, steps } = await readFolder({
    'logs/events.out.tfevents.1795759735.host.1.0': Buffer.concat(events),
    ...weights(names),
  })
  expect(best.slice(0, 3)).toEqual(['g_00002000', 2000, 'validation/mel_spec_error'])
  expect(Object.keys(steps).join()).not.toContain('do_')
})
