import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listJobs, ownEvaluations } from '@bestmark/db'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { writeFiles } from '../testing.ts'
import { findFurtherRoots } from '../sources/sharedFolders.ts'
import { importRun } from './importRun.ts'

const here = testBoard()
const before = process.env['BESTMARK_HOME']
beforeEach(() => {
  process.env['BESTMARK_HOME'] = join(here.path, 'home')
})
afterEach(() => {
  if (before === undefined) delete process.env['BESTMARK_HOME']
  else process.env['BESTMARK_HOME'] = before
})

/** Imports all trainings in a folder, and returns the ids of their jobs. */
async function importAll(root: string): Promise<string[]> {
  const ids: string[] = []
  for (const path of [root, ...(await findFurtherRoots(root))])
    ids.push((await importRun(here.board, path, {})).job_id)
  return ids
}

const valuesOf = async (job_id: string) =>
  (await ownEvaluations(here.board.db, job_id)).map(({ step, value }) => [step, value])

const table = (...losses: number[]): string =>
  `epoch,train_loss,val_loss\n${losses.map((loss, at) => `${at + 1},1,${loss}\n`).join('')}`

test('a job keeps its history when its log is renamed, and the new log is a second job', async () => {
  const root = join(here.path, 'renamed')
  await writeFiles(root, { 'log.csv': table(0.9, 0.7, 0.8, 0.85), 'model_3.pt': 'w' })
  const [first = ''] = await importAll(root)
  const values = await valuesOf(first)
  await rename(join(root, 'log.csv'), join(root, 'log_old.csv'))
  await writeFile(join(root, 'log.csv'), table(0.6, 0.5))
  const jobs = await importAll(root)
  expect(new Set(jobs).size).toBe(2)
  expect(jobs).toContain(first)
  expect(await valuesOf(first)).toEqual(values)
  const second = jobs.find((job_id) => job_id !== first) ?? ''
  expect(await valuesOf(second)).toEqual([
    [1, 0.6],
    [2, 0.5],
  ])
  await writeFile(join(root, 'log.csv'), table(0.6, 0.5, 0.4))
  expect(new Set(await importAll(root))).toEqual(new Set(jobs))
  expect((await listJobs(here.board.db)).jobs).toHaveLength(2)
})
