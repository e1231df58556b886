import { randomUUID } from 'node:crypto'
import { registerJob, renameJob } from '@bestmark/db'
import { expect, onTestFinished, test, vi } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { LastLook } from './lastLook.ts'

const here = testBoard()

async function newJob(): Promise<string> {
  const { db, host_id, host } = here.board
  const job_id = randomUUID()
  const run = { job_id, host_id, host, root: `/runs/${job_id}`, source: 'journal' }
  await registerJob(db, { ...run, name: 'run', project: 'tests', status: 'running' })
  return job_id
}

/** Moves the clock of this process forward. */
function later(minutes: number): void {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001 * minutes)
  onTestFinished(() => clock.mockRestore())
}

/** The statements that read jobs during some work. */
async function queriesOf(work: () => Promise<unknown>): Promise<number> {
  let queries = 0
  here.board.db.sql.options.debug = (_connection, query) => {
    if (query.includes('from "training_jobs"')) queries++
  }
  await work()
  here.board.db.sql.options.debug = false
  return queries
}

/** The looks of recorders that recorded everything of silent runs. */
async function silentRuns(count: number): Promise<{ job_id: string; look: LastLook }[]> {
  const ids = await Promise.all(Array.from({ length: count }, newJob))
  const runs = ids.map((job_id) => ({ job_id, look: new LastLook(here.board.db, job_id) }))
  for (const { look } of runs) {
    expect(await look.isCurrent('files')).toBe(false)
    look.sawAll('files')
  }
  return runs
}

test('silent runs of a host are looked up in one query, and are not read again', async () => {
  const runs = await silentRuns(20)
  later(2)
  const queries = await queriesOf(async () => {
    const current = await Promise.all(runs.map(({ look }) => look.isCurrent('files')))
    expect(new Set(current)).toEqual(new Set([true]))
  })
  expect(queries).toBe(1)
})

test('files that changed are not current, and that needs no query', async () => {
  const [run] = await silentRuns(1)
  const queries = await queriesOf(async () => {
    expect(await run?.look.isCurrent('other files')).toBe(false)
  })
  expect(queries).toBe(0)
})

test('a job that another process wrote to is looked at again', async () => {
  const [run] = await silentRuns(1)
  await renameJob(here.board.db, run?.job_id ?? '', 'renamed')
  later(2)
  expect(await run?.look.isCurrent('files')).toBe(false)
})
