import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom } from '@bestmark/core'
import { expect, test } from 'vitest'
import { whyNone } from '../eval/candidates.ts'
import { openJournal } from '../../journal/write.ts'
import { readRun } from '../../sources/readRun.ts'
import { temporaryFolder, weightsOf } from '../../testing.ts'
import { checkpointAt } from './checkpointAt.ts'
import { addScores } from './addedScores.ts'

const RUN = fileURLToPath(new URL('../../sources/fixtures/lightning/version_0', import.meta.url))

test('a checkpoint that is a single file can be scored', async () => {
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

test('a file that is in no run is not a checkpoint', async () => {
  await expect(checkpointAt(join(RUN, 'hparams.yaml'))).rejects.toThrow(
    'is a file, but not a checkpoint of a run',
  )
})

test('a file without a step cannot be scored, and the error says what to do', async () => {
  await using folder = await temporaryFolder()
  const root = folder.path
  await writeFile(join(root, 'best.safetensors'), weightsOf(1))
  const named = { name: 'bare', project: 'tests', recipe: 'none' }
  using journal = openJournal(root, { journal: 1, job_id: crypto.randomUUID(), ...named })
  const files = { path: 'best.safetensors', files_state: 'complete' } as const
  journal.append({ type: 'checkpoint', attempt: 0, step: null, ...files })
  const scored = checkpointAt(join(root, 'best.safetensors'))
  await expect(scored).rejects.toThrow(/has no step, but a score needs one.* model-500\.pt\.$/)
  expect(whyNone(await readRun(root))).toContain('have no step (best.safetensors)')
})
