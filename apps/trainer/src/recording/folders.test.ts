import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { measuredJson, JOURNAL } from '@bestmark/core'
import { findJobs, jobDetail, jobsOfFolder, jobStatus, currentFiles } from '@bestmark/db'
import { readStoredRows } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { eventRecord } from '../sources/tensorboard/tfeventsTesting.ts'
import { agentOf, testBoard } from '../board/testing.ts'
import { importRun } from './importRun.ts'
import { FilesRecorder } from './filesRecorder.ts'
import { followJournal } from './journal.ts'
import { mayGrow } from '../sources/identity.ts'
import { eventually, makeOld, weightsOf, writeOutput } from '../testing.ts'
import { Watcher } from '../commands/watch/watcher.ts'
import { Changes } from './changes.ts'

const here = testBoard()

const HEAD = 'epoch,step,train_loss,val_loss\n'
const row = (step: number, loss: number): string => `0,${step - 1},${loss},\n`

/** Begins a run that keeps a journal, and saves a checkpoint. */
async function begin(root: string, losses: readonly number[], job_id: string = randomUUID()) {
  await mkdir(join(root, 'checkpoint-1'), { recursive: true })
  await writeFile(join(root, 'checkpoint-1', 'model.safetensors'), weightsOf(losses[0] ?? 0))
  const at = Date.now()
  const lines = [
    { journal: 1, job_id, name: `run ${job_id}`, project: 'p' },
    { type: 'started', attempt: 0, at, name: 'n', project: 'p', total_steps: 100, config: {} },
    ...losses.map((loss, index) => point(index + 1, loss)),
    { type: 'evaluation', attempt: 0, at, step: 1, epoch: null, values: { eval_loss: 1 } },
    { type: 'checkpoint', attempt: 0, at, step: 1, path: 'checkpoint-1', files_state: 'complete' },
  ]
  await writeFile(join(root, JOURNAL), lines.map((line) => `${measuredJson(line)}\n`).join(''))
  return job_id
}

function point(step: number, loss: number) {
  return { type: 'metrics', attempt: 0, at: Date.now(), step, values: { loss } }
}

const lossesOf = async (job_id: string) => {
  return (await readStoredRows(here.board.db, job_id)).points['0 loss']?.map(([, loss]) => loss)
}

const lossesAre = (job_id: string, losses: readonly number[]) =>
  eventually(async () => {
    const found = await lossesOf(job_id)
    return found?.join() === losses.join() ? true : undefined
  })

/** Ways to follow a folder, until they are disposed. */
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
  'for %s, a run that begins in the folder of another run is a new job, and the other job ends with the reason',
  async (name, follow) => {
    const root = join(here.path, `again, ${name}`)
    const first = await begin(root, [3, 2])
    await importRun(here.board, root, {})
    await using _following = follow(root)
    await appendFile(join(root, JOURNAL), `${measuredJson(point(3, 1))}\n`)
    await lossesAre(first, [3, 2, 1])
    await rm(root, { recursive: true })
    // Longer than the part that was read of the other journal.
    const second = await begin(root, [9, 8, 7, 6, 5, 4])
    await lossesAre(second, [9, 8, 7, 6, 5, 4])
    await appendFile(join(root, JOURNAL), `${measuredJson(point(7, 3))}\n`)
    await lossesAre(second, [9, 8, 7, 6, 5, 4, 3])
    expect(await lossesOf(first)).toEqual([3, 2, 1])
    expect(await jobStatus(here.board.db, first)).toMatchObject({
      status: 'stopped',
      error: expect.stringMatching(/^Another run began in its folder at \d{4}-/),
      best_checkpoint_path: null,
    })
    const [file] = await currentFiles(here.board.db, first)
    expect(file).toMatchObject({ files_state: 'missing' })
    expect(await jobStatus(here.board.db, second)).toMatchObject({
      status: 'running',
      best_step: 1,
    })
  },
)

test('a journal that starts again with the same id replaces what was recorded, even if it is longer', async () => {
  const root = join(here.path, 'same id')
  const job_id = await begin(root, [3, 2])
  await importRun(here.board, root, {})
  await rm(root, { recursive: true })
  await begin(root, [9, 8, 7, 6, 5], job_id)
  await importRun(here.board, root, {})
  expect(await lossesOf(job_id)).toEqual([9, 8, 7, 6, 5])
})

test.each([
  [
    'a table',
    (root: string, at: number) => writeFile(join(root, 'metrics.csv'), HEAD + row(1, at)),
  ],
  [
    'states',
    (root: string, at: number) =>
      writeOutput(root, { saves: [], log: [{ step: 1, loss: at }], state: { max_steps: 9 } }),
  ],
  [
    'a printed log',
    (root: string, at: number) =>
      writeFile(join(root, 'bestmark-output.log'), `{"step": 1, "loss": ${at}}\n`),
  ],
])(
  'a run without a journal is the job of its folder: %s of another run in a new folder is another job',
  async (name, write) => {
    const root = join(here.path, `anew, ${name}`)
    await mkdir(root)
    await write(root, 3)
    const { job_id } = await importRun(here.board, root, {})
    await using _agent = agentOf(here.board)
    await lossesAre(job_id, [3])
    await rm(root, { recursive: true })
    await mkdir(root)
    await write(root, 7)
    const other = await eventually(async () => {
      const { db, host_id } = here.board
      const jobs = await jobsOfFolder(db, host_id, { root, folder_id: null })
      return jobs.find((job) => job.job_id !== job_id)
    })
    await lossesAre(other.job_id, [7])
    expect(await lossesOf(job_id)).toEqual([3])
    expect(await importRun(here.board, root, {})).toMatchObject({ job_id: other.job_id })
  },
)

test('a moved folder is the same job, and a new run at its old path is another job', async () => {
  const [old, moved] = [join(here.path, 'before'), join(here.path, 'after')]
  await writeOutput(old, { saves: [1], log: [{ step: 1, eval_loss: 3 }] })
  const { job_id } = await importRun(here.board, old, {})
  await rename(old, moved)
  const again = await importRun(here.board, moved, {})
  expect(again).toMatchObject({ job_id, output_dir: moved, name: 'before' })
  await writeOutput(old, { saves: [1], log: [{ step: 1, eval_loss: 5 }] })
  const other = await importRun(here.board, old, {})
  expect(other.job_id).not.toBe(job_id)
  expect(await importRun(here.board, old, {})).toMatchObject({ job_id: other.job_id })
  expect(await importRun(here.board, moved, {})).toMatchObject({ job_id, eval_loss: 3 })
  expect(await findJobs(here.board.db, 'before')).toHaveLength(2)
})

test('a copy of a folder is another job while the original folder exists', async () => {
  const [root, copy] = [join(here.path, 'original'), join(here.path, 'copied')]
  const log = [{ step: 1, eval_loss: 3 }]
  for (const folder of [root, copy]) await writeOutput(folder, { saves: [1], log })
  const { job_id } = await importRun(here.board, root, {})
  expect((await importRun(here.board, copy, {})).job_id).not.toBe(job_id)
})

test('an agent follows a run whose folder was moved', async () => {
  const [old, moved] = [join(here.path, 'from'), join(here.path, 'to')]
  const job_id = await begin(old, [3, 2])
  await importRun(here.board, old, {})
  await using _agent = agentOf(here.board)
  await rename(old, moved)
  await importRun(here.board, moved, {})
  await appendFile(join(moved, JOURNAL), `${measuredJson(point(3, 1))}\n`)
  await lossesAre(job_id, [3, 2, 1])
})

/** An hour: longer than a test (ms). */
const NEVER = 3_600_000

test('a folder that was removed and created again is watched again', async () => {
  const root = join(here.path, 'listened')
  await mkdir(root)
  const { signal } = new AbortController()
  // Only an event can end the wait before the test's time is over.
  using changes = new Changes(root)
  await rm(root, { recursive: true })
  await changes.next(signal, NEVER)
  await mkdir(root)
  const change = changes.next(signal, NEVER)
  await writeFile(join(root, JOURNAL), 'x')
  await change
})

test('an ended run that grows is followed again, even by a new agent', async () => {
  const root = join(here.path, 'deep')
  const folder = join(root, 'dvclive', 'plots', 'metrics', 'train')
  await mkdir(folder, { recursive: true })
  const table = join(folder, 'loss.tsv')
  await writeFile(table, 'timestamp\tstep\ttrain/loss\n1\t0\t3\n')
  await makeOld(root)
  const { job_id, status } = await importRun(here.board, root, {})
  expect(status).toBe('stopped')
  await using _agent = agentOf(here.board)
  await appendFile(table, '2\t1\t2\n')
  await lossesAre(job_id, [3, 2])
  expect(await jobDetail(here.board.db, job_id)).toMatchObject({ source: 'dvclive' })
  expect(await jobStatus(here.board.db, job_id)).toMatchObject({ status: 'running' })
})

test.each([
  ['dvclive/plots/metrics/train/loss.tsv', ''],
  ['runs/Nov26_host/events.out.tfevents.1.host', eventRecord(1, [{ tag: 'train/loss', value: 3 }])],
  ['checkpoint-1/trainer_state.json', ''],
])('a run whose newest writing is %s may grow', async (file, content) => {
  const root = await mkdtemp(join(here.path, 'newest-'))
  await writeOutput(root, { saves: [1], log: [{ step: 1, loss: 3 }] })
  await mkdir(join(root, dirname(file)), { recursive: true })
  await appendFile(join(root, file), content)
  await makeOld(root)
  expect(await mayGrow(root)).toBe(false)
  await utimes(join(root, file), new Date(), new Date())
  expect(await mayGrow(root)).toBe(true)
})

test('runs that do not grow cause no queries', async () => {
  const root = join(here.path, 'idle')
  const job_id = await begin(join(root, 'journal'), [3])
  await importRun(here.board, join(root, 'journal'), {})
  await mkdir(join(root, 'table'))
  await writeFile(join(root, 'table', 'metrics.csv'), HEAD + row(1, 3))
  const table = await importRun(here.board, join(root, 'table'), {})
  const { db } = here.board
  let queries = 0
  const orm = new Proxy(db.orm, {
    get: (target, name) => {
      if (name === 'select' || name === 'transaction') queries++
      return Reflect.get(target, name) as unknown
    },
  })
  const counted = { ...db, orm }
  const files = new FilesRecorder(
    counted,
    { job_id: table.job_id, folder: join(root, 'table') },
    { isOver: false },
  )
  while (await files.record());
  queries = 0
  for (let look = 0; look < 10; look++) expect(await files.record()).toBe(false)
  expect(queries).toBe(0)
  const over = new AbortController()
  const journal = { job_id, folder: join(root, 'journal') }
  const following = followJournal(counted, journal, over.signal, (error) =>
    expect.fail(String(error)),
  )
  await eventually(async () => (queries > 0 ? true : undefined))
  await sleep(600)
  queries = 0
  await sleep(1_200)
  expect(queries).toBe(0)
  over.abort()
  await following
})
