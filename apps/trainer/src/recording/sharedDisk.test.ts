import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hostedJobs, readSeries, recordHostAlive } from '@bestmark/db'
import { expect, test } from 'vitest'
import type { Board } from '../board/board.ts'
import { testBoard } from '../board/testing.ts'
import { eventually } from '../testing.ts'
import { followFiles } from './follower.ts'
import { importRun } from './importRun.ts'

const here = testBoard()

/** A second host with its own data folder, on the same board. */
const otherHost = (): Board => ({ ...here.board, host_id: randomUUID(), host: 'bert' })
const isAlive = ({ db, host_id, host }: Board) => recordHostAlive(db, { host_id, hostname: host })
const jobsOf = async ({ db, host_id }: Board, root: string) =>
  (await hostedJobs(db, host_id)).filter((job) => job.root === root).map(({ job_id }) => job_id)

const row = (step: number): string => `0,${step - 1},${1 / step}\n`
async function table(name: string): Promise<string> {
  const root = join(here.path, name)
  await mkdir(root)
  await writeFile(join(root, 'metrics.csv'), `epoch,step,train_loss\n${row(1)}${row(2)}`)
  return root
}

test('a run on a shared disk is one job, of the host whose agent works', async () => {
  const [root, bert] = [await table('shared'), otherHost()]
  const { job_id } = await importRun(here.board, root, {})
  await isAlive(here.board)
  expect(await importRun(bert, root, {})).toMatchObject({ job_id })
  expect(await jobsOf(here.board, root)).toEqual([job_id])
  expect(await jobsOf(bert, root)).toEqual([])
})

test('if the agent of its host is away, the run goes to the host that registers it', async () => {
  const [root, ernie, bert] = [await table('left'), otherHost(), otherHost()]
  const { job_id } = await importRun(ernie, root, {})
  expect(await importRun(bert, root, {})).toMatchObject({ job_id })
  expect(await jobsOf(bert, root)).toEqual([job_id])
  expect(await jobsOf(ernie, root)).toEqual([])
})

test('two hosts that follow one run record each point once, and its host stays', async () => {
  const [root, bert] = [await table('followed'), otherHost()]
  const { db } = here.board
  const { job_id } = await importRun(here.board, root, {})
  await isAlive(here.board)
  await isAlive(bert)
  await importRun(bert, root, {})
  const over = new AbortController()
  const errors: unknown[] = []
  const following = [here.board, bert].map(({ host_id }) => {
    const run = { job_id, folder: root, host_id }
    return followFiles(db, run, over.signal, (error) => errors.push(error))
  })
  const steps = async () => {
    const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 1_000 })
    return [...(loss?.steps ?? [])]
  }
  for (let step = 3; step <= 12; step++) {
    await appendFile(join(root, 'metrics.csv'), row(step))
    if (step % 4 === 0)
      await eventually(async () => ((await steps()).length === step ? true : undefined))
  }
  over.abort()
  await Promise.all(following)
  expect(await steps()).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
  expect(await jobsOf(here.board, root)).toEqual([job_id])
  expect(errors).toEqual([])
})
