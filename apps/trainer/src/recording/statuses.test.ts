import { randomUUID } from 'node:crypto'
import { listenToHost, registerJob } from '@bestmark/db'
import { expect, onTestFinished, test, vi } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { Statuses } from './statuses.ts'

const here = testBoard()

async function newJob(): Promise<string> {
  const { db, host_id, host } = here.board
  const job_id = randomUUID()
  const run = { job_id, host_id, host, root: `/runs/${job_id}`, source: 'journal' }
  await registerJob(db, { ...run, name: 'run', project: 'tests', status: 'running' })
  return job_id
}

test('the first status of a job is found in a process that listens to its host already', async () => {
  const { db, host_id } = here.board
  const job_ids = [await newJob(), await newJob()]
  await listenToHost(db, host_id, () => undefined)
  const statuses = new Statuses(db)
  const found = await Promise.all(job_ids.map((job_id) => statuses.of(job_id, 0)))
  expect(found.map((job) => job?.job_id)).toEqual(job_ids)
})

test('a status that somebody waited for longer than a minute is found', async () => {
  const job_id = await newJob()
  const asked = new Statuses(here.board.db).of(job_id, 0)
  // The query begins after this, as it does after a slow one.
  const later = performance.now() + 61_000
  const clock = vi.spyOn(performance, 'now').mockReturnValue(later)
  onTestFinished(() => clock.mockRestore())
  expect((await asked)?.job_id).toBe(job_id)
})
