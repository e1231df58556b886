import { JOURNAL } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { audienceOf, jobDetail, readSeries, watch } from '@bestmark/db'
import { expect, onTestFinished, test, vi } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { eventually } from '../testing.ts'
import { followFiles } from './follower.ts'
import { GATHERED } from './gathering.ts'
import { importRun } from './importRun.ts'
import { followJournal } from './journal.ts'

const here = testBoard()

const journalLine = (step: number) =>
  `${JSON.stringify({ type: 'metrics', attempt: 0, step, at: step, values: { loss: 1 } })}\n`
const JOURNALED = {
  file: JOURNAL,
  head: () => `${JSON.stringify({ journal: 1, job_id: randomUUID(), name: 'n', project: 'p' })}\n`,
  line: journalLine,
  follow: followJournal,
}
const TABLE = {
  file: 'metrics.csv',
  head: () => 'epoch,step,train_loss\n',
  line: (step: number) => `0,${step - 1},1\n`,
  follow: followFiles,
}

/** A run that is followed until the test ends, and how often its job was written. */
async function followed({ file, head, line, follow }: typeof JOURNALED) {
  const { db, host_id } = here.board
  const root = join(here.path, randomUUID())
  await mkdir(root)
  await writeFile(join(root, file), head() + line(1))
  const { job_id } = await importRun(here.board, root, {})
  await vi.waitFor(() => expect(audienceOf(db).isFollowed(randomUUID())).toBe(false))
  const over = new AbortController()
  const run = { job_id, folder: root, host_id }
  const following = follow(db, run, over.signal, (error) => expect.fail(String(error)))
  onTestFinished(async () => {
    over.abort()
    await following
  })
  const log = (...steps: number[]) => appendFile(join(root, file), steps.map(line).join(''))
  const stored = async () => {
    const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 100_000 })
    return loss?.steps.length ?? 0
  }
  const revision = async () => (await jobDetail(db, job_id))?.revision ?? NaN
  return { job_id, log, stored, revision, end: () => over.abort(), following }
}

const KINDS = [
  ['a journal', JOURNALED],
  ['a table', TABLE],
] as const

test.each(KINDS)('points of %s are gathered while nobody follows the job', async (_, kind) => {
  const { log, stored, revision } = await followed(kind)
  await log(2)
  await eventually(async () => ((await stored()) === 2 ? true : undefined))
  const [before, since] = [await revision(), performance.now()]
  for (let step = 3; step <= 12; step++) {
    await log(step)
    await sleep(100)
  }
  await eventually(async () => ((await stored()) === 12 ? true : undefined))
  const writes = (await revision()) - before
  expect(writes).toBeLessThanOrEqual(1 + (performance.now() - since) / GATHERED)
})

test.each(KINDS)('a reader who comes gets the gathered points of %s at once', async (_, kind) => {
  const { job_id, log, stored } = await followed(kind)
  await log(2)
  await eventually(async () => ((await stored()) === 2 ? true : undefined))
  await log(3)
  const over = new AbortController()
  const reader = watch(here.board.db, { jobs: [{ job_id, revision: 0 }] }, over.signal)
  for await (const { status } of reader) if (status?.current_step === 3) break
  over.abort()
  expect(await stored()).toBe(3)
})

test.each(KINDS)('nothing of %s is left when its recorder ends', async (_, kind) => {
  const { log, stored, end, following } = await followed(kind)
  await log(2)
  await eventually(async () => ((await stored()) === 2 ? true : undefined))
  await log(3, 4)
  end()
  await following
  expect(await stored()).toBe(4)
})
