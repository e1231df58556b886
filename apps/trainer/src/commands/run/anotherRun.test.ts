import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jobDetail, jobsOfFolder, jobStatus, pinCheckpoints, currentFiles } from '@bestmark/db'
import { readStoredRows } from '@bestmark/db/testing'
import { beforeAll, expect, test } from 'vitest'
import { agentOf, testBoard } from '../../board/testing.ts'
import { importRun } from '../../recording/importRun.ts'
import { OUTPUT } from '../../sources/output/runOutput.ts'
import { command } from '../testing.ts'

const here = testBoard()

/**
 * A program that prints its losses, and writes a checkpoint and a table or journal. At its start it
 * may remove its folder, or the files in it.
 */
const PROGRAM = `
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
const [folder, kind, base, mode] = process.argv.slice(2)
const remove = (path) => rmSync(path, { recursive: true, force: true, maxRetries: 10 })
if (mode === 'removes') remove(folder)
// A draft that bestmark renames meanwhile is gone when its turn comes.
if (mode === 'empties') for (const name of readdirSync(folder)) remove(folder + '/' + name)
mkdirSync(folder + '/checkpoint-2', { recursive: true })
const isTable = kind === 'a table'
const path = folder + (isTable ? '/metrics.csv' : '/journal.jsonl')
const journal = { journal: 1, job_id: process.env.BESTMARK_JOB_ID, name: 'n', project: 'p' }
const head = JSON.stringify(journal) + '\\n' + JSON.stringify({ type: 'started', attempt: 0, at: Date.now() }) + '\\n'
writeFileSync(path, isTable ? 'epoch,step,train_loss,val_loss\\n' : head)
for (let step = 1; step <= 4; step++) {
  const loss = Number(base) + 1 / step
  console.log(JSON.stringify({ step, loss }))
  const event = { type: 'metrics', attempt: 0, at: Date.now(), step, values: { loss } }
  appendFileSync(path, isTable ? '0,' + (step - 1) + ',' + loss + ',\\n' : JSON.stringify(event) + '\\n')
}
const saved = { type: 'checkpoint', attempt: 0, at: Date.now(), step: 2, path: 'checkpoint-2', files_state: 'complete' }
if (!isTable) appendFileSync(path, JSON.stringify(saved) + '\\n')
else writeFileSync(folder + '/checkpoint-2/model.safetensors', base)
`

let program: string
beforeAll(async () => {
  program = join(here.path, 'losses.mjs')
  await writeFile(program, PROGRAM)
})

const run = (folder: string, kind: string, base: number, mode = '', outer = {}) => {
  const argv = ['node', program, folder, kind, `${base}`, mode]
  return command(['run', '--folder', folder, '--', ...argv], { env: { ...here.env, ...outer } })
}

const lossesOf = async (job_id: string) =>
  (await readStoredRows(here.board.db, job_id)).points['0 loss']?.map(([, loss]) => loss)

const losses = (base: number) => [1, 2, 3, 4].map((step) => base + 1 / step)

const jobsIn = async (root: string) => {
  const { db, host_id } = here.board
  return (await jobsOfFolder(db, host_id, { root, folder_id: null })).map(({ job_id }) => job_id)
}

async function pinAll(job_id: string): Promise<number> {
  const files = await currentFiles(here.board.db, job_id)
  const checkpoint_ids = files.map(({ checkpoint_id }) => checkpoint_id)
  if (checkpoint_ids.length > 0)
    await pinCheckpoints(here.board.db, job_id, { checkpoint_ids, pinned: true })
  return checkpoint_ids.length
}

async function pinsOf(job_id: string): Promise<number> {
  const rows = await here.board.db.sql<{ path: string }[]>`
    select path from checkpoints where job_id = ${job_id} and pinned`
  return rows.length
}

const empty = async (folder: string) => {
  for (const name of await readdir(folder))
    await rm(join(folder, name), { recursive: true, force: true })
}

interface Case {
  kind: string
  how: string
  /** What the second program does first. */
  mode?: string
  /** What a person does before it starts. */
  before?: (folder: string) => Promise<void>
}

test.each(
  ['a table', 'a journal'].flatMap((kind): Case[] => [
    { kind, how: 'overwrites its files' },
    { kind, how: 'removes its folder at its start', mode: 'removes' },
    { kind, how: 'removes the files in its folder', mode: 'empties' },
    { kind, how: 'starts in a folder that was emptied', before: empty },
    {
      kind,
      how: 'starts where a folder was removed',
      before: (at: string) => rm(at, { recursive: true }),
    },
  ]),
)(
  'a second program with $kind that $how is a new job; the first keeps its history and its pins',
  async ({ kind, how, mode, before }) => {
    const folder = join(here.path, `${kind} ${how}`)
    await run(folder, kind, 1)
    const [first = ''] = await jobsIn(folder)
    expect(await lossesOf(first)).toEqual(losses(1))
    const pins = await pinAll(first)
    await using _agent = agentOf(here.board)
    await before?.(folder)
    expect((await run(folder, kind, 5, mode)).code).toBe(0)
    const jobs = await jobsIn(folder)
    expect(jobs).toHaveLength(2)
    const second = jobs.find((id) => id !== first) ?? ''
    expect(await importRun(here.board, folder, {})).toMatchObject({ job_id: second })
    expect([await lossesOf(first), await lossesOf(second)]).toEqual([losses(1), losses(5)])
    expect([await pinsOf(first), await pinsOf(second)]).toEqual([pins, 0])
    for (const job_id of jobs) {
      expect(await jobStatus(here.board.db, job_id)).toMatchObject({ status: 'completed' })
      expect((await jobDetail(here.board.db, job_id))?.attempts).toHaveLength(1)
    }
    const marks = (await readFile(join(folder, OUTPUT), 'utf8')).match(/^bestmark run: /gm)
    expect(marks).toHaveLength(2)
  },
)

test('runs that the program of a run starts have jobs of their own', async () => {
  const outer = { BESTMARK_JOB_ID: randomUUID(), BESTMARK_RUN_FOLDER: '/runs/outer' }
  const folders = ['first', 'second'].map((name) => join(here.path, `inner ${name}`))
  for (const folder of folders) await run(folder, 'a table', 1, '', outer)
  const job_ids = (await Promise.all(folders.map(jobsIn))).flat()
  expect(new Set([outer.BESTMARK_JOB_ID, ...job_ids]).size).toBe(3)
})
