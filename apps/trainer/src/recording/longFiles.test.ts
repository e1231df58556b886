import { JOURNAL } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSeries } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { eventRecord } from '../sources/tensorboard/tfeventsTesting.ts'
import { importRun, register } from './importRun.ts'
import { identifyRun } from '../sources/identity.ts'
import { FilesRecorder } from './filesRecorder.ts'
import { recordJournal } from './journal.ts'

const here = testBoard()

/** Enough for several pieces, so that pieces are read ahead. */
const STEPS = 25_000
const steps = Array.from({ length: STEPS }, (_, index) => index + 1)
const valueAt = (step: number): number => Math.fround(Math.sin(step))

async function storedOf(job_id: string): Promise<number[]> {
  const [series] = await readSeries(here.board.db, job_id, { names: ['loss'], points: 2 * STEPS })
  expect([...(series?.steps ?? [])]).toEqual(steps)
  return [...(series?.values ?? [])]
}

async function journal(name: string): Promise<string> {
  const root = join(here.path, name)
  await mkdir(root, { recursive: true })
  const header = { journal: 1, job_id: randomUUID(), name, project: 'long' }
  const started = { type: 'started', attempt: 0 }
  const lines = steps.map((step) => {
    return { type: 'metrics', attempt: 0, step, at: step, values: { loss: valueAt(step) } }
  })
  const text = [header, started, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('')
  await writeFile(join(root, JOURNAL), text)
  return root
}

async function registered(root: string): Promise<string> {
  const identity = await identifyRun(root)
  if (!identity) throw new Error(`${root} is no run.`)
  return (await register(here.board, identity, {})).job_id
}

test('a long journal is recorded whole, also by two recorders at once', async () => {
  const root = await journal('journal')
  const job_id = await registered(root)
  const run = { job_id, folder: root, host_id: here.board.host_id }
  await Promise.all([recordJournal(here.board.db, run), recordJournal(here.board.db, run)])
  while (await recordJournal(here.board.db, run));
  expect(await storedOf(job_id)).toEqual(steps.map(valueAt))
})

test('a long event file is recorded whole, also by two recorders at once', async () => {
  const root = join(here.path, 'events')
  await mkdir(root, { recursive: true })
  const records = steps.map((step) => eventRecord(step, [{ tag: 'loss', value: valueAt(step) }]))
  await writeFile(join(root, 'events.out.tfevents.1.host'), Buffer.concat(records))
  const job_id = await registered(root)
  const run = { job_id, folder: root, host_id: here.board.host_id }
  const recorded = async (): Promise<void> => {
    const recorder = new FilesRecorder(here.board.db, run, { isOver: true })
    while (await recorder.record());
  }
  await Promise.all([recorded(), recorded()])
  expect(await storedOf(job_id)).toEqual(steps.map(valueAt))
})

test('an import reads a long file ahead of what is recorded', async () => {
  const { job_id } = await importRun(here.board, await journal('import'), {})
  expect(await storedOf(job_id)).toEqual(steps.map(valueAt))
})
