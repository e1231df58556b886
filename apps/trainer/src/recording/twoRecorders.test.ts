import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSeries } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { OUTPUT } from '../sources/output/runOutput.ts'
import { FilesRecorder } from './filesRecorder.ts'
import { importRun } from './importRun.ts'

const here = testBoard()

test('a recorder that knows only the output goes on after another one read a new log of the same run', async () => {
  const folder = join(here.path, 'two')
  await mkdir(folder)
  const output = join(folder, OUTPUT)
  await writeFile(output, `${JSON.stringify({ step: 1, loss: 99 })}\n`)
  const { job_id } = await importRun(here.board, folder, {})
  const { db, host_id } = here.board
  const recorder = () =>
    new FilesRecorder(db, { job_id, folder, host_id, isStartedHere: true }, { isOver: false })
  const [one, other] = [recorder(), recorder()]
  while (await one.record());
  const rows = ['epoch,step,train_loss,val_loss', '0,0,1,', '0,1,0.5,']
  await writeFile(join(folder, 'metrics.csv'), rows.map((row) => `${row}\n`).join(''))
  while (await other.record());
  await appendFile(output, `${JSON.stringify({ step: 2, loss: 98 })}\n`)
  // Its next search for new logs is later.
  while (await one.record());
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 100 })
  expect([...(loss?.values ?? [])]).toEqual([1, 0.5])
})
