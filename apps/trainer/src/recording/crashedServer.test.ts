import { JOURNAL } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jobStatus, readSeries } from '@bestmark/db'
import { expect, onTestFinished, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { eventually } from '../testing.ts'
import { followFiles } from './follower.ts'
import { importRun } from './importRun.ts'
import { followJournal } from './journal.ts'

const here = testBoard()

const journalLine = (step: number) =>
  `${JSON.stringify({ type: 'metrics', attempt: 0, step, at: step, values: { loss: 1 } })}\n`
const KINDS = [
  {
    file: JOURNAL,
    head: () =>
      `${JSON.stringify({ journal: 1, job_id: randomUUID(), name: 'n', project: 'p' })}\n`,
    line: journalLine,
    follow: followJournal,
  },
  {
    file: 'metrics.csv',
    head: () => 'epoch,step,train_loss\n',
    line: (step: number) => `0,${step - 1},1\n`,
    follow: followFiles,
  },
]

/** Keeps what is stored of a job's points; returns how to go back to it, as after a crash of the server. */
async function stateOf(job_id: string): Promise<() => Promise<void>> {
  const { sql } = here.board.db
  const [job] = await sql`
    select revision, board_revision, changed_at, current_step from training_jobs
    where job_id = ${job_id}`
  const sources = await sql`select * from sources where job_id = ${job_id}`
  return async () => {
    await sql.begin(async (tx) => {
      await tx`update training_jobs set ${tx(job ?? {})} where job_id = ${job_id}`
      await tx`delete from sources where job_id = ${job_id}`
      await tx`insert into sources ${tx(sources)}`
      await tx`delete from series_tails where job_id = ${job_id} and revision > ${job?.['revision']}`
    })
  }
}

test.each(KINDS)(
  'points of $file that a crash of the server took back are recorded again',
  async ({ file, head, line, follow }) => {
    const { db, host_id } = here.board
    const root = join(here.path, randomUUID())
    await mkdir(root)
    await writeFile(join(root, file), head() + line(1))
    const { job_id } = await importRun(here.board, root, {})
    const over = new AbortController()
    const run = { job_id, folder: root, host_id }
    const following = follow(db, run, over.signal, (error) => expect.fail(String(error)))
    onTestFinished(async () => {
      over.abort()
      await following
    })
    const log = async (step: number): Promise<void> => {
      await appendFile(join(root, file), line(step))
      await eventually(
        async () => (await jobStatus(db, job_id))?.current_step === step || undefined,
      )
    }
    await log(2)
    const takeBack = await stateOf(job_id)
    await log(3)
    await takeBack()
    expect(await jobStatus(db, job_id)).toMatchObject({ current_step: 2 })
    await log(4)
    const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 100 })
    expect([...(loss?.steps ?? [])]).toEqual([1, 2, 3, 4])
  },
)
