import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readRun } from '../readRun.ts'

const LOSSES = [4, 2, 3]

/**
 * A run of MLflow with Lightning's checkpoints of some epochs, of 8 steps each. `stepOf`: the step of an
 * epoch's row.
 */
async function read(
  stepOf: (epoch: number) => number,
  {
    losses = LOSSES,
    kept = [0, 1, 2],
  }: { losses?: readonly number[]; kept?: readonly number[] } = {},
) {
  await using folder = await temporaryFolder()
  const rows = losses.map(
    (loss, epoch) => `${1_795_000_000_000 + epoch} ${loss} ${stepOf(epoch)}\n`,
  )
  const saved = kept.map((epoch) => {
    const global_step = 8 * (epoch + 1)
    const name = `checkpoints/epoch=${epoch}-step=${global_step}.ckpt`
    return [name, torchFile({ 'pytorch-lightning_version': '2.6.6', epoch, global_step })]
  })
  await writeFiles(folder.path, {
    'meta.yaml': "run_id: 'a'\nrun_name: fit\nstatus: 3\n",
    'metrics/val_loss': rows.join(''),
    ...Object.fromEntries(saved),
  })
  const found = rowsFrom((await readRun(folder.path)).events)
  const { best } = select({ policy: 'as_declared', ...found })
  return { best: [best?.path, best?.step], steps: found.evaluations.map(({ step }) => step) }
}

const BEST = 'checkpoints/epoch=1-step=16.ckpt'

test("Lightning's logger counts batches from 0, and the steps are those of its checkpoints", async () => {
  const found = await read((epoch) => 8 * (epoch + 1) - 1)
  expect(found).toEqual({ best: [BEST, 16], steps: [8, 16, 24] })
})

test('completed steps stay as they are', async () => {
  const found = await read((epoch) => 8 * (epoch + 1))
  expect(found).toEqual({ best: [BEST, 16], steps: [8, 16, 24] })
})

test("MLflow's own logging of Lightning counts epochs from 0, and its checkpoints are joined to them", async () => {
  const found = await read((epoch) => epoch)
  expect(found).toEqual({ best: [BEST, 2], steps: [1, 2, 3] })
})

test('the only checkpoint is of its epoch, also if its step is the number of another epoch', async () => {
  const losses = Array.from({ length: 20 }, (_, epoch) => 5 + Math.abs(epoch - 1))
  const found = await read((epoch) => epoch, { losses, kept: [1] })
  expect(found.best).toEqual([BEST, 2])
})
