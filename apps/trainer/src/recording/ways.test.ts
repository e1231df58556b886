import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { measuredJson, JOURNAL } from '@bestmark/core'
import { jobsOfFolder, sourceCursor, uuidv5 } from '@bestmark/db'
import { readStoredRows } from '@bestmark/db/testing'
import { expect, test, vi } from 'vitest'
import { agentOf, testBoard } from '../board/testing.ts'
import { main as runProgram } from '../commands/run/run.ts'
import { importExport } from '../export/restoration.ts'
import { writeExport } from '../export/exportFile.ts'
import { exportHeader } from '../export/exportHeader.ts'
import { importRun, register } from './importRun.ts'
import { identifyRun } from '../sources/identity.ts'
import { eventually, writeOutput } from '../testing.ts'
import { Watcher } from '../commands/watch/watcher.ts'

const here = testBoard()

const LOG: Record<string, number>[] = [
  { step: 50, loss: 3, learning_rate: 0.1 },
  { step: 100, eval_loss: 2, eval_f1: 0.5 },
  { step: 150, loss: 2, learning_rate: 0.05 },
  { step: 200, eval_loss: 1, eval_f1: 0.75 },
]

interface Run {
  root: string
  job_id: string
  /** The run as `bestmark export` wrote it. */
  exported: string
}

/** Ways to put the same run on the board. */
const WAYS: Record<string, (run: Run) => Promise<unknown>> = {
  'its state file': ({ root }) => importRun(here.board, join(root, 'trainer_state.json'), {}),
  'its folder': ({ root }) => importRun(here.board, root, {}),
  'a watch': watched,
  'bestmark run': driven,
  'a journal': throughJournal,
  'an agent': followed,
  'an export': restored,
}

const pairs = Object.keys(WAYS).flatMap((first) =>
  Object.keys(WAYS).map((second) => [first, second] as const),
)

test.each(pairs)('a run recorded by %s and then by %s is recorded once', async (first, second) => {
  const run = await aRun(`${first}, ${second}`)
  const { points, evaluations } = await readStoredRows(here.board.db, run.job_id)
  await here.board.db.sql`delete from training_jobs where job_id = ${run.job_id}`
  for (const way of [first, second]) {
    await WAYS[way]?.(run)
    const jobs = await jobsOfFolder(here.board.db, here.board.host_id, {
      root: run.root,
      folder_id: null,
    })
    expect(jobs).toHaveLength(1)
    // `bestmark run` gives its job a new id, and the export must have the id of the existing job.
    const { job_id } = jobs[0]!
    run.exported = run.exported.replaceAll(run.job_id, job_id)
    run.job_id = job_id
    expect(await readStoredRows(here.board.db, run.job_id)).toMatchObject({ points, evaluations })
  }
})

async function aRun(name: string): Promise<Run> {
  const root = join(here.path, name)
  await writeOutput(root, { saves: [100, 200], log: LOG, state: { max_steps: 200 } })
  const { job_id } = await importRun(here.board, root, {})
  let exported = ''
  await writeExport(here.board, job_id, async (line) => void (exported += line))
  return { root, job_id, exported }
}

/** Resolves once the files of a run's folder are recorded. */
async function isRead({ job_id }: Run): Promise<void> {
  await eventually(async () => (await sourceCursor(here.board.db, job_id, 'files')) ?? undefined)
}

async function watched(run: Run): Promise<void> {
  const over = new AbortController()
  const hearer = { message: () => undefined, show: () => undefined }
  const done = new Watcher(here.board, {}, hearer).watch([run.root], over.signal)
  await isRead(run)
  over.abort()
  await done
}

/** The program writes the files of the folder again. */
async function driven({ root }: Run): Promise<void> {
  for (const [name, value] of Object.entries(here.env)) vi.stubEnv(name, value)
  const copy = `${root}, kept`
  await cp(root, copy, { recursive: true })
  expect(await runProgram(['--folder', root, '--', 'cp', '-r', `${copy}/.`, root])).toBe(0)
  await rm(copy, { recursive: true })
  vi.unstubAllEnvs()
}

async function followed(run: Run): Promise<void> {
  const { root, job_id } = run
  const identity = await identifyRun(root)
  if (identity) await register(here.board, identity, {})
  await here.board.db.sql`update training_jobs set status = 'running' where job_id = ${job_id}`
  await using _agent = agentOf(here.board)
  await isRead(run)
}

async function throughJournal({ root, exported }: Run): Promise<void> {
  const [, ...lines] = exported.trimEnd().split('\n').slice(0, -1)
  const header = { journal: 1, job_id: uuidv5(here.board.host_id, root), name: 'n', project: 'p' }
  await writeFile(join(root, JOURNAL), [measuredJson(header), ...lines, ''].join('\n'))
  await importRun(here.board, root, {})
  await rm(join(root, JOURNAL))
}

async function restored({ root, exported }: Run): Promise<void> {
  const path = join(here.path, 'exported.jsonl')
  await writeFile(path, exported)
  expect(await readFile(path, 'utf8')).toContain(root)
  await importExport(here.board, path, exportHeader(path)!, {})
}
