import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readRun } from '../readRun.ts'

const LOG = 'step,val_loss\n1000,0.9\n2000,0.5\n3000,0.7\n'

async function read(files: Readonly<Record<string, string | Uint8Array>>) {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'log.csv': LOG, ...files })
  const rows = rowsFrom((await readRun(folder.path)).events)
  const { best } = select({ policy: 'as_declared', ...rows })
  return { best: best?.path, paths: rows.checkpoints.map(({ path }) => path).sort(), rows }
}

test('an archive of torch without an extension is weights, by its content', async () => {
  const { best, paths, rows } = await read({
    checkpoint_1000: torchFile({}),
    checkpoint_2000: torchFile({}),
    checkpoint_3000: torchFile({}),
    notes_2000: 'learning rate 1e-3',
    LICENSE: 'PK',
  })
  expect(best).toBe('checkpoint_2000')
  expect(paths).toEqual(['checkpoint_1000', 'checkpoint_2000', 'checkpoint_3000'])
  expect(rows.checkpoints.every(({ files_state }) => files_state === 'complete')).toBe(true)
})

test('an archive without an extension that holds no tensor is broken', async () => {
  const { best, rows } = await read({
    g_00001000: torchFile({}),
    g_00002000: torchFile({}, 0),
  })
  expect(best).toBe('g_00001000')
  expect(rows.checkpoints.find(({ step }) => step === 2000)?.files_state).toBe('broken')
})

test('the discriminator of a GAN is no checkpoint if its generator is beside it', async () => {
  const pairs = [
    ['g_00002000', 'do_00002000'],
    ['G_2000.pth', 'D_2000.pth'],
    ['net_g_2000.pth', 'net_d_2000.pth'],
    ['2000_net_G.pth', '2000_net_D.pth'],
    ['generator_2000.pt', 'discriminator_2000.pt'],
  ] as const
  for (const [generator, discriminator] of pairs) {
    const { paths } = await read({ [generator]: torchFile({}), [discriminator]: torchFile({}) })
    expect(paths, discriminator).toEqual([generator])
    const alone = await read({ [discriminator]: torchFile({}) })
    expect(alone.paths).toEqual([discriminator])
  }
})
