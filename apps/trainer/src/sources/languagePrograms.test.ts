import { join } from 'node:path'
import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { bestOf, readFolder, weights } from './foldersTesting.ts'
import { searchRuns } from './runSearch.ts'

// Each folder is written as the source of its program writes it; the numbers are made up.

test("flair's table and its best file follow the F1 on DEV", async () => {
  const rows = [0.5, 0.8, 0.7].map(
    (f1, index) =>
      `${index + 1}\t10:00:00\t0.1000\t0.5000\t0.${8 - index}000\t${f1}\t${f1}\t${f1}\t${f1}\n`,
  )
  const table = `EPOCH\tTIMESTAMP\tLEARNING_RATE\tTRAIN_LOSS\tDEV_LOSS\tDEV_PRECISION\tDEV_RECALL\tDEV_F1\tDEV_ACCURACY\n${rows.join('')}`
  const best = await bestOf({
    'loss.tsv': table,
    'dev.tsv': 'EU B-ORG B-ORG\nrejects O O\n',
    ...weights(['best-model.pt', 'final-model.pt']),
  })
  expect(best).toEqual(['best-model.pt', 2, 'DEV_F1', 0.8])
})

/** Rows of Sockeye's `metrics`, with its names in their order. */
const sockeye = (values: readonly (readonly [bleu: number, perplexity: number])[]) =>
  values
    .map(([bleu, perplexity], index) => {
      const flags = `converged=False\tdiverged=False\tepoch=${Math.floor(index / 2)}`
      const setup = `learning-rate=0.0002\tmax-gpu-memory=0`
      return `${index + 1}\tbleu-val=${bleu}\t${flags}\t${setup}\tperplexity-train=9.5\tperplexity-val=${perplexity}\ttime-elapsed=${60.5 * (index + 1)}\n`
    })
    .join('')

test.each([
  ['perplexity', 'params.00002', 2, 'perplexity-val', 8.1],
  ['bleu', 'params.00003', 3, 'bleu-val', 0.31],
])("Sockeye's checkpoints are numbered as its metrics, and %s decides", async (option, ...best) => {
  const rows = [
    [0.1, 12.5],
    [0.2, 8.1],
    [0.31, 8.9],
    [0.3, 9.25],
  ] as const
  const found = await readFolder({
    metrics: sockeye(rows),
    'args.yaml': `batch_size: 4096\noptimized_metric: ${option}\n`,
    ...weights([1, 2, 3, 4].map((number) => `params.0000${number}`)),
    'training_state/params': torchFile({}),
  })
  expect(found.best).toEqual(best)
  expect(found.rows.checkpoints.map(({ step }) => step)).toEqual([1, 2, 3, 4])
})

test.each([
  ['', 'model.iter1000.npz', 1000, 'validation bleu', 25.1],
  ['early-stopping-on: all\n', undefined, undefined, null, undefined],
])(
  'Marian stops early by its first metric, unless an option says otherwise: %j',
  async (option, ...best) => {
    const lines = ([entropy, bleu]: readonly [number, number], index: number): string => {
      const at = `[2026-11-20 10:0${index}:00]`
      const valid = `${at} [valid] Ep. 1 : Up. ${500 * (index + 1)} :`
      const training = `Sen. 1,000 : Cost 5.12 : Time 20.00s : 1000.00 words/s`
      return `${at} Ep. 1 : Up. ${500 * (index + 1)} : ${training}\n${valid} bleu : ${bleu} : new best\n${valid} cross-entropy : ${entropy} : new best\n`
    }
    const values = [
      [90.5, 10.1],
      [80.5, 25.1],
      [70.5, 20.1],
    ] as const
    const found = await readFolder({
      'train.log': values.map(lines).join(''),
      'model.npz.yml': `early-stopping: 10\n${option}valid-metrics:\n  - bleu\n  - cross-entropy\n`,
      ...weights([500, 1000, 1500].map((step) => `model.iter${step}.npz`)),
    })
    expect(found.best).toEqual(best)
  },
)

test('a log line that says that the best weights are saved shows their epoch and metric', async () => {
  const at = '2026-11-20 10:00:00,123 '
  const log = [0.5, 0.8, 0.7]
    .map((f1, index) => {
      const epoch = index + 1
      const batches = [10, 20].map(
        (iter) =>
          `${at}epoch ${epoch} - iter ${iter}/20 - loss 0.50000000 - time (sec): 1.00 - samples/sec: 100.00 - lr: 0.100000 - momentum: 0.000000\n`,
      )
      const saves = f1 === 0.7 ? '' : `${at}saving best model\n`
      return `${batches.join('')}${at}EPOCH ${epoch} done: loss 0.5000 - lr: 0.100000\n${at}DEV : loss 0.${8 - index}00012 - f1-score (micro avg)  ${f1}\n${saves}`
    })
    .join('')
  const files = { 'training.log': log, ...weights(['best-model.pt', 'final-model.pt']) }
  expect(await bestOf(files)).toEqual(['best-model.pt', 2, 'dev f1-score (micro avg)', 0.8])
})

test('a log line about best weights of another epoch shows nothing', async () => {
  const log = [0.5, 0.8, 0.7]
    .map((f1, index) => {
      const loss = `train loss: 0.5, val loss: 0.${8 - index}, val f1: ${f1}`
      return `Epoch ${index + 1}: ${loss}\nThe best model was saved at epoch 2\nbest model is not saved\n`
    })
    .join('')
  const { steps } = await readFolder({ 'train.log': log, ...weights(['best.pt']) })
  expect(steps).toEqual({ 'best.pt': null })
})

/** One report in ParlAI's statistics. */
const report = (train_steps: number, loss: number, f1: number) => ({
  ...{ exs: 100, clen: 10, ctpb: 100, f1, loss, token_acc: 0.5, ups: 2, gpu_mem: 0.1 },
  ...{ train_time: 1, parleys: train_steps, train_steps, total_exs: 1, total_epochs: 0.1 },
})
const REPORTS = [report(100, 3, 0.1), report(200, 1, 0.2), report(300, 2, 0.3), report(400, 2, 0.1)]

test("ParlAI's statistics show the metric that decides and the step of the best weights", async () => {
  const stats = (train_steps: number) =>
    JSON.stringify({
      ...{ parleys: 1, train_time: 1, train_steps, total_epochs: 0.1, impatience: 1 },
      train_reports: [50, 100, 150, 200, 250, 300, 350, 400].map((step) => report(step, 4, 0)),
      valid_reports: REPORTS,
      best_valid: 0.3,
    })
  const { best, steps } = await readFolder({
    'model.trainstats': stats(400),
    'model.checkpoint.trainstats': stats(350),
    model: torchFile({}),
    'model.checkpoint': torchFile({}),
    'model.opt': '{"validation_metric": "f1"}',
    'model.dict': '__null__\t1\n',
  })
  expect(best).toEqual(['model', 300, 'eval_f1', 0.3])
  expect(steps).toEqual({ model: 300, 'model.checkpoint': 350 })
})

test('a folder with only the statistics of ParlAI and its weights is found', async () => {
  await using folder = await temporaryFolder()
  const stats = { train_reports: [], valid_reports: REPORTS, best_valid: 0.3, train_steps: 400 }
  await writeFiles(folder.path, {
    'run/model.trainstats': JSON.stringify(stats),
    'run/model': torchFile({}),
  })
  const found: string[] = []
  const walk = { signal: AbortSignal.timeout(60_000), onUnreadable: () => undefined }
  for await (const { root } of searchRuns(folder.path, walk)) found.push(root)
  expect(found).toEqual([join(folder.path, 'run')])
})

test('a star marks the best validation of JoeyNMT, and its metric decides', async () => {
  const log = [
    [100, 3, 1, '*'],
    [200, 2, 5, '*'],
    [300, 1.9, 4, ''],
  ]
    .map(
      ([step, loss, bleu, mark]) =>
        `Steps: ${step}\tloss: ${loss}\tacc: 0.50000\tppl: 9.00000\tbleu: ${bleu}\tLR: 0.00030000\t${mark}\n`,
    )
    .join('')
  const saved = weights(['100.ckpt', '200.ckpt', '300.ckpt'])
  expect(await bestOf({ 'validations.txt': log, ...saved })).toEqual([
    '200.ckpt',
    200,
    'eval_bleu',
    5,
  ])
})

test('a perplexity decides in place of a loss, as in OpenNMT', async () => {
  const at = '[2026-11-20 10:00:00,123 INFO] '
  const log = [30, 20, 21]
    .map((perplexity, index) => {
      const step = 100 * (index + 1)
      return `${at}Step ${step}/300; acc: 39.0; ppl:  30.1; xent: 3.1; lr: 1.00000; sents: 800; bsz: 100/ 90/ 2; 1000/900 tok/s;     10 sec;\n${at}valid stats calculation\n${at}Train perplexity: 19.1\n${at}Validation perplexity: ${perplexity}\n${at}Validation accuracy: ${50 + index}\n`
    })
    .join('')
  const saved = weights([100, 200, 300].map((step) => `model_step_${step}.pt`))
  expect(await bestOf({ 'train.log': log, ...saved })).toEqual([
    'model_step_200.pt',
    200,
    'Validation perplexity',
    20,
  ])
})
