import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom } from '@bestmark/core'
import { expect, test } from 'vitest'
import { readRun } from '../sources/run.ts'
import { temporaryFolder } from '../testing.ts'
import { checkpointAt } from './checkpointAt.ts'
import { addScores } from './scoring.ts'

const RUN = fileURLToPath(new URL('../sources/fixtures/lightning/version_0', import.meta.url))

test('a checkpoint that is one file is scored as a folder is, beside the run that lists it', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'version_0')
  await cp(RUN, root, { recursive: true })
  const found = await checkpointAt(join(root, 'checkpoints', 'epoch=2-step=25.ckpt'))
  expect(found).toMatchObject({ run: { root, source: 'lightning_csv' }, checkpoint: { step: 25 } })
  const measured = { values: { acc: 0.75 }, samples: 8, directions: {}, lines: {} }
  await addScores(found, [measured], { by: 'somebody', file: null, command: null })
  const { evaluations } = rowsFrom((await readRun(root)).events)
  expect(evaluations.at(-1)).toMatchObject({ step: 25, values: { acc: 0.75 }, samples: 8 })
})

test('a file that no run lists is no checkpoint', async () => {
  await expect(checkpointAt(join(RUN, 'hparams.yaml'))).rejects.toThrow('no run lists')
})
