import { JOURNAL } from '@bestmark/core'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jobDetail, uuidv5 } from '@bestmark/db'
import { readStoredRows } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { importRun } from './importRun.ts'
import { OUTPUT } from '../sources/output/runOutput.ts'

const here = testBoard()
const BY_HAND = '7b0c0a51-9b5a-4f0e-8a57-3b7f7f1b9b11'
const AGAIN = '0f6c5d1e-3c1b-4a7e-9d2f-5b8a1c2d3e4f'
const LOG = 'bestmark run: 2026-01-02T03:04:00.000Z started: python3 train.py\n'

/** A program that writes its losses to a journal; with a log it runs under `bestmark run`. */
async function program(root: string, job_id: string, loss: number, log?: string): Promise<void> {
  await mkdir(root)
  if (log) await writeFile(join(root, OUTPUT), log)
  const lines = [
    { journal: 1, job_id, name: 'x', project: 'p' },
    { type: 'started', attempt: 0, at: 1_767_323_041_000 },
    { type: 'metrics', attempt: 0, at: null, step: 1, values: { loss } },
  ]
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  await writeFile(join(root, JOURNAL), text)
}

const lossesOf = async (job_id: string) =>
  (await readStoredRows(here.board.db, job_id)).points['0 loss']?.map(([, loss]) => loss)

test.each([
  ['by hand', undefined],
  ['by `bestmark run` again', LOG],
])(
  'a run of `bestmark run` keeps its job when another journal is written %s in its new folder',
  async (name, log) => {
    const root = join(here.path, name)
    const id = uuidv5(here.board.host_id, root)
    await program(root, id, 3, LOG)
    const { job_id } = await importRun(here.board, root, {})
    expect(await jobDetail(here.board.db, job_id)).toMatchObject({ source: 'run_journal' })
    await rm(root, { recursive: true })
    const second = log ? AGAIN : BY_HAND
    await program(root, second, 7, log)
    expect(await importRun(here.board, root, {})).toMatchObject({ job_id: second })
    expect([await lossesOf(job_id), await lossesOf(second)]).toEqual([[3], [7]])
  },
)

test('a job of a path that was read from a journal beside a log does not accept another journal', async () => {
  const root = join(here.path, 'another journal')
  await program(root, '1c9e6679-7425-40de-944b-e07fc1f90ae7', 3, LOG)
  // As `bestmark run` begins it, before its program has a journal.
  const byFolder = uuidv5(here.board.host_id, root)
  await rm(join(root, JOURNAL))
  expect(await importRun(here.board, root, {})).toMatchObject({ job_id: byFolder })
  await rm(root, { recursive: true })
  await program(root, '1c9e6679-7425-40de-944b-e07fc1f90ae7', 3, LOG)
  expect(await importRun(here.board, root, {})).toMatchObject({ job_id: byFolder })
  await rm(root, { recursive: true })
  await program(root, BY_HAND, 7)
  expect(await importRun(here.board, root, {})).toMatchObject({ job_id: BY_HAND })
  expect([await lossesOf(byFolder), await lossesOf(BY_HAND)]).toEqual([[3], [7]])
})
