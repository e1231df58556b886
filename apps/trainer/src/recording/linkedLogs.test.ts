import { join } from 'node:path'
import { jobStatus, listJobs } from '@bestmark/db'
import { readStoredRows } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { linkCheckpoints } from '../sources/checkpointLinks.ts'
import { writeFiles } from '../testing.ts'
import { importRun } from './importRun.ts'

const here = testBoard()

const LOSSES = [0.9, 0.6, 0.7]
const TABLE = `epoch,loss,val_loss\n${LOSSES.map((loss, at) => `${at + 1},1,${loss}\n`).join('')}`
const PRINTED = [
  'bestmark run: 2026-11-20T10:00:00.000Z started',
  ...LOSSES.map((loss, at) => `Epoch ${at + 1}/3: train_loss=1.0 val_loss=${loss}`),
  'bestmark run: 2026-11-20T10:00:09.000Z completed',
  '',
].join('\n')

test.each([
  ['a table', { 'log.csv': TABLE }],
  [
    'the output of bestmark run',
    {
      'bestmark-output.log': PRINTED,
      'bestmark-run.json': JSON.stringify({ name: 'noted', project: 'p' }),
    },
  ],
])('a job gets the checkpoints that are linked to its log later: %s', async (what, log) => {
  const [logs, kept] = [join(here.path, `${what}/logs`), join(here.path, `${what}/kept`)]
  const weights = [1, 2, 3].map((epoch) => [`epoch_${epoch}.pt`, 'w'])
  await writeFiles(logs, log)
  await writeFiles(kept, Object.fromEntries(weights))
  const { job_id, best_step } = await importRun(here.board, logs, {})
  expect(best_step).toBeNull()
  const before = await readStoredRows(here.board.db, job_id)
  await linkCheckpoints(logs, kept)
  const count = (await listJobs(here.board.db)).jobs.length
  for (const path of [logs, kept, logs]) {
    const job = await importRun(here.board, path, {})
    expect(job).toMatchObject({ job_id, output_dir: kept, best_step: 2, current_step: 3 })
  }
  const after = await readStoredRows(here.board.db, job_id)
  expect(after.evaluations.map(([attempt, step, , value]) => [attempt, step, value])).toEqual(
    before.evaluations.map(([attempt, step, , value]) => [attempt, step, value]),
  )
  expect((await listJobs(here.board.db)).jobs).toHaveLength(count)
  expect((await jobStatus(here.board.db, job_id))?.name).toBe(what === 'a table' ? 'logs' : 'noted')
})
