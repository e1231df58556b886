import { JOURNAL } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jobsOfFolder, jobStatus } from '@bestmark/db'
import { readStoredRows } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { agentOf, testBoard } from '../board/testing.ts'
import { importRun } from './importRun.ts'
import { eventually } from '../testing.ts'
import { Watcher } from '../commands/watch/watcher.ts'
import { MissingJournal } from './missingJournal.ts'
import { OtherRunError } from './journalCursor.ts'
import { endReplacedJob } from './replacedRuns.ts'

const here = testBoard()

const line = (event: object): string => `${JSON.stringify(event)}\n`
const loss = (step: number, value: number): string =>
  line({ type: 'metrics', attempt: 0, at: Date.now(), step, values: { loss: value } })

/** A growing run with a journal, beside which another logger writes a table. */
async function begin(root: string): Promise<string> {
  const job_id = randomUUID()
  await mkdir(root)
  await table(root)
  const header = line({ journal: 1, job_id, name: 'run', project: 'p' })
  const started = line({ type: 'started', attempt: 0, at: Date.now(), total_steps: 100 })
  await writeFile(join(root, JOURNAL), header + started + loss(1, 3))
  return job_id
}

const table = (root: string): Promise<void> =>
  writeFile(join(root, 'metrics.csv'), 'epoch,step,train_loss,val_loss\n0,0,3,\n')

const lossesOf = async (job_id: string) =>
  (await readStoredRows(here.board.db, job_id)).points['0 loss']?.map(([, value]) => value)

const lossesAre = (job_id: string, losses: readonly number[]) =>
  eventually(async () => ((await lossesOf(job_id))?.join() === losses.join() ? true : undefined))

const jobsAt = async (root: string) => {
  const { db, host_id } = here.board
  return jobsOfFolder(db, host_id, { root, folder_id: null })
}

const FOLLOWERS = {
  'an agent': () => agentOf(here.board),
  'a watch': (root: string) => {
    const over = new AbortController()
    const hearer = { message: () => undefined, show: () => undefined }
    const done = new Watcher(here.board, {}, hearer).watch([root], over.signal)
    const dispose = async (): Promise<void> => {
      over.abort()
      await done
    }
    return { [Symbol.asyncDispose]: dispose }
  },
}

test.each(Object.entries(FOLLOWERS))(
  'for %s, a run whose journal is missing for a moment stays one job',
  async (name, follow) => {
    const root = join(here.path, `away, ${name}`)
    const job_id = await begin(root)
    await importRun(here.board, root, {})
    await using _following = follow(root)
    await appendFile(join(root, JOURNAL), loss(2, 2))
    await lossesAre(job_id, [3, 2])
    await rename(join(root, JOURNAL), `${root}.aside`)
    await sleep(4_000)
    await rename(`${root}.aside`, join(root, JOURNAL))
    await appendFile(join(root, JOURNAL), loss(3, 1))
    await lossesAre(job_id, [3, 2, 1])
    expect(await jobsAt(root)).toMatchObject([{ job_id, status: 'running' }])
  },
)

test.each(Object.entries(FOLLOWERS))(
  'a journal that starts again with its id, in a folder that another logger created again, stays one job for %s',
  async (name, follow) => {
    const root = join(here.path, `anew, ${name}`)
    const job_id = await begin(root)
    await importRun(here.board, root, {})
    await using _following = follow(root)
    await appendFile(join(root, JOURNAL), loss(2, 2))
    await lossesAre(job_id, [3, 2])
    const journal = await readFile(join(root, JOURNAL), 'utf8')
    await rm(root, { recursive: true })
    await mkdir(root)
    await table(root)
    await sleep(4_000)
    await writeFile(join(root, JOURNAL), journal + loss(3, 1))
    await lossesAre(job_id, [3, 2, 1])
    expect(await jobsAt(root)).toMatchObject([{ job_id, status: 'running' }])
  },
)

test('a job that was made from the path while the journal was missing does not get the journal of the first job', async () => {
  const root = join(here.path, 'imported meanwhile')
  const job_id = await begin(root)
  await importRun(here.board, root, {})
  await rename(join(root, JOURNAL), `${root}.aside`)
  const imported = await importRun(here.board, root, {})
  await using _agent = agentOf(here.board)
  await rename(`${root}.aside`, join(root, JOURNAL))
  await appendFile(join(root, JOURNAL), loss(2, 2))
  await eventually(async () =>
    (await jobStatus(here.board.db, imported.job_id))?.status === 'stopped' ? true : undefined,
  )
  await importRun(here.board, root, {})
  await lossesAre(job_id, [3, 2])
  expect(await jobStatus(here.board.db, job_id)).toMatchObject({ status: 'running' })
  // Of the table alone.
  expect(await lossesOf(imported.job_id)).toEqual([3])
})

test('if a journal is missing for long and a new folder holds another run, the job ends', async () => {
  const root = join(here.path, 'gone')
  const job_id = await begin(root)
  await importRun(here.board, root, {})
  const missing = new MissingJournal(here.board.db, { job_id, folder: root }, 0)
  await rm(join(root, JOURNAL))
  await missing.check()
  await rename(root, `${root}.old`)
  await missing.check()
  await mkdir(root)
  await table(root)
  await expect(missing.check()).rejects.toThrow(OtherRunError)
})

test('a job whose journal is missing in its own folder has stopped, and says so', async () => {
  const root = join(here.path, 'removed')
  const job_id = await begin(root)
  await importRun(here.board, root, {})
  await rm(join(root, JOURNAL))
  await endReplacedJob(here.board.db, job_id)
  const { status, error } = (await jobStatus(here.board.db, job_id))!
  expect(status).toBe('stopped')
  expect(error).toMatch(/^Its journal is missing\. No new lines since .* UTC\.$/)
})
