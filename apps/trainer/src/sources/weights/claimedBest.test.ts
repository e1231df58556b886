import { expect, test } from 'vitest'
import { torchFile, zip } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { pick } from '../programsTesting.ts'

const YOLO = `epoch,metrics/mAP50(B),metrics/mAP50-95(B)
1,0.2,0.1
2,0.6,0.4
3,0.5,0.3
`

test.each([
  ['while it trains', { best_fitness: 0.4 }, {}],
  ['after training', {}, { train_metrics: { fitness: 0.40001 } }],
])("Ultralytics' best fitness is the second opinion %s", async (_when, last, best) => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'results.csv': YOLO,
    'args.yaml': 'epochs: 3\n',
    'weights/best.pt': torchFile({ epoch: -1, version: '8.3.250', ...best }),
    'weights/last.pt': torchFile({ epoch: 2, version: '8.3.250', ...last }),
  })
  expect(await pick(folder.path)).toMatchObject({
    best_step: 2,
    second_opinion: { path: 'weights/best.pt', step: 2, value: 0.4, agrees: true },
  })
})

const KERAS = `epoch,loss,val_loss
0,1,0.9
1,1,0.5
2,1,0.6
`

test('the best file of Keras is the second opinion if more than its name shows its epoch', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'history.csv': KERAS,
    'best-03-0.600.keras': zip(),
    'model-02.keras': zip(),
  })
  expect(await pick(folder.path)).toMatchObject({
    best_step: 2,
    second_opinion: { path: 'best-03-0.600.keras', step: 3, agrees: false },
  })
})
