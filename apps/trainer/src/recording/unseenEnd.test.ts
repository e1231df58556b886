import { appendFile, mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jobStatus } from '@bestmark/db'
import { expect, test } from 'vitest'
import { agentOf, testBoard } from '../board/testing.ts'
import { ERRORS, OUTPUT } from '../sources/output/runOutput.ts'
import { eventually } from '../testing.ts'
import { importRun } from './importRun.ts'

const here = testBoard()
const STARTED = 'bestmark run: 2026-01-02T03:04:00.000Z started: python3 train.py\n'
/** The mark of a process that has ended. */
const ENDED = JSON.stringify({ pid: 4_194_303, started_at: 'once', attempt: 0 })
const TRACEBACK =
  'Traceback (most recent call last):\n  File "train.py", line 3\n    main()\nMemoryError: no memory\n'

async function unseen(name: string, errors = '') {
  const root = join(here.path, name)
  await mkdir(root)
  await writeFile(join(root, OUTPUT), `${STARTED}{"step": 1, "loss": 3}\n`)
  await writeFile(join(root, ERRORS), `${STARTED}${errors}`)
  await writeFile(join(root, 'process.json'), ENDED)
  const { job_id } = await importRun(here.board, root, {})
  const statusIs = (wanted: string) =>
    eventually(async () => {
      const job = await jobStatus(here.board.db, job_id)
      return job?.status === wanted ? job : undefined
    })
  return { root, job_id, statusIs }
}

test('a run whose process ended unseen has stopped, and comes back with its next line', async () => {
  const { root, statusIs } = await unseen('silent')
  await using _agent = agentOf(here.board)
  const { error, ended_at } = await statusIs('stopped')
  expect(error).toMatch(
    /^Its process has ended, and its log does not say how\. No new lines since \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$/,
  )
  expect(ended_at).toBeNull()
  await appendFile(join(root, OUTPUT), '{"step": 2, "loss": 2}\n')
  await importRun(here.board, root, {})
  expect(await statusIs('running')).toMatchObject({ current_step: 2, error: null })
})

test('a run whose process ended unseen has failed if its output ends with a traceback', async () => {
  const { statusIs } = await unseen('failed', `${TRACEBACK}\r 50%|##   | 1/2 [00:01<00:01, 1it/s]`)
  await using _agent = agentOf(here.board)
  expect(await statusIs('failed')).toMatchObject({ error: 'MemoryError: no memory' })
})

test('a run has not ended while another process has its files open for writing', async () => {
  const { root, job_id, statusIs } = await unseen('written')
  const other = await unseen('not written')
  const file = await open(join(root, 'train.txt'), 'w')
  await using _agent = agentOf(here.board)
  await other.statusIs('stopped')
  expect(await jobStatus(here.board.db, job_id)).toMatchObject({ status: 'running' })
  await file.close()
  await statusIs('stopped')
})
