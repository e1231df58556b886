import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { jobsOfFolder, pinCheckpoints, currentFiles } from '@bestmark/db'
import { readStoredRows } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { importRun } from './importRun.ts'
import { eventually, writeOutput } from '../testing.ts'
import { Watcher } from '../commands/watch/watcher.ts'

const here = testBoard()
const SAVES = [10, 20, 30]

/** Trains a run whose losses are higher than those of another run by an amount. */
async function train(root: string, by: number, saves: readonly number[] = SAVES): Promise<void> {
  const log = saves.flatMap((step): Record<string, number>[] => [
    { step, loss: 3 + by - step / 100, learning_rate: step },
    { step, eval_loss: 2 + by - step / 100 },
  ])
  await writeOutput(root, { saves: [...saves], log, state: { max_steps: 30 } })
}

/** A finished run on the board, with its second checkpoint pinned. */
async function pinnedRun(root: string): Promise<string> {
  await train(root, 0)
  const { job_id } = await importRun(here.board, root, {})
  const file = (await currentFiles(here.board.db, job_id)).find(({ step }) => step === 20)
  const checkpoint_ids = file ? [file.checkpoint_id] : []
  await pinCheckpoints(here.board.db, job_id, { checkpoint_ids, pinned: true })
  return job_id
}

async function pinsOf(job_id: string): Promise<string[]> {
  const rows = await here.board.db.sql<{ path: string; files_state: string }[]>`
    select path, files_state from checkpoints where job_id = ${job_id} and pinned`
  return rows.map(({ path, files_state }) => `${path} ${files_state}`)
}

/** The lowest loss on held-out data that the board knows. */
async function lowest(job_id: string): Promise<number> {
  const { evaluations } = await readStoredRows(here.board.db, job_id)
  return Math.min(...evaluations.map(([, , , value]) => Number(value)))
}

const idsAt = async (root: string): Promise<string[]> => {
  const { db, host_id } = here.board
  return (await jobsOfFolder(db, host_id, { root, folder_id: null })).map(({ job_id }) => job_id)
}

test.each([
  ['the new one first', ['out', 'out-old']],
  ['the old one first', ['out-old', 'out']],
])(
  'a run with a renamed folder keeps its job and pin when another run at its old path is imported, %s',
  async (name, order) => {
    const at = (folder: string): string => join(here.path, name, folder)
    await mkdir(at(''))
    const job_id = await pinnedRun(at('out'))
    await rename(at('out'), at('out-old'))
    await train(at('out'), 1)
    const jobs: Record<string, string> = {}
    for (const folder of order) {
      jobs[folder] = (await importRun(here.board, at(folder), {})).job_id
    }
    expect(jobs['out-old']).toBe(job_id)
    expect(jobs['out']).not.toBe(job_id)
    expect(await pinsOf(job_id)).toEqual(['checkpoint-20 complete'])
    expect(await pinsOf(jobs['out'] ?? '')).toEqual([])
    expect([await lowest(job_id), await lowest(jobs['out'] ?? '')]).toEqual([1.7, 2.7])
  },
)

test('a run whose folder is renamed during a watch keeps its job and pin', async () => {
  const root = join(here.path, 'watched')
  await mkdir(root)
  const [out, old] = [join(root, 'out'), join(root, 'out-old')]
  const job_id = await pinnedRun(out)
  const over = new AbortController()
  const hearer = { message: () => undefined, show: () => undefined }
  const done = new Watcher(here.board, {}, hearer).watch([root], over.signal)
  await rename(out, old)
  await train(out, 1)
  await eventually(async () => {
    const other = (await idsAt(out)).find((id) => id !== job_id)
    return other && (await idsAt(old)).includes(job_id) ? true : undefined
  })
  over.abort()
  await done
  await importRun(here.board, old, {})
  expect(await pinsOf(job_id)).toEqual(['checkpoint-20 complete'])
  expect(await lowest(job_id)).toBe(1.7)
})

test('a new run in a removed folder gets no pin of the run before, whose checkpoints are missing', async () => {
  const root = join(here.path, 'anew')
  const job_id = await pinnedRun(root)
  await rm(root, { recursive: true })
  await train(root, 1)
  const other = await importRun(here.board, root, {})
  expect(other.job_id).not.toBe(job_id)
  expect(await pinsOf(other.job_id)).toEqual([])
  await importRun(here.board, root, {})
  expect(await idsAt(root)).toHaveLength(2)
  expect(await lowest(job_id)).toBe(1.7)
  const states = (await currentFiles(here.board.db, job_id)).map((file) => file.files_state)
  expect(new Set(states)).toEqual(new Set(['missing']))
})

test.each([
  ['as it was', SAVES],
  ['and trained on', [...SAVES, 40]],
  ['from an earlier day', [10, 20]],
])(
  'a folder that was restored from a copy, %s, is the same job with its pin',
  async (name, saves) => {
    const root = join(here.path, `restored ${name}`)
    const job_id = await pinnedRun(root)
    await train(`${root}.copy`, 0, saves)
    await rm(root, { recursive: true })
    await cp(`${root}.copy`, root, { recursive: true })
    expect((await importRun(here.board, root, {})).job_id).toBe(job_id)
    expect(await pinsOf(job_id)).toEqual(['checkpoint-20 complete'])
    expect(await idsAt(root)).toEqual([job_id])
  },
)
