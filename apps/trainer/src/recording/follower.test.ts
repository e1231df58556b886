import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  jobLogs,
  jobsOfFolder,
  jobStatus,
  JobUnknown,
  listCheckpoints,
  readSeries,
  record,
  registerJob,
  sourceCursor,
} from '@bestmark/db'
import { expect, test } from 'vitest'
import { agentOf, testBoard } from '../board/testing.ts'
import { followFiles } from './follower.ts'
import { importRun } from './importRun.ts'
import { FilesRecorder } from './filesRecorder.ts'
import { followJournal } from './journal.ts'
import { eventually, writeOutput } from '../testing.ts'

const here = testBoard()

const statusWhen = (job_id: string, test: (eval_loss: number | null) => boolean) =>
  eventually(async () => {
    const status = await jobStatus(here.board.db, job_id)
    return status && test(status.eval_loss) ? status : undefined
  })

const HEAD = 'epoch,step,train_loss,val_loss\n'

test('agents record an unfinished run of another program, each row once; a table of another run is another job', async () => {
  const root = join(here.path, 'table')
  await mkdir(root)
  const rows = Array.from({ length: 40 }, (_, index) => `0,${index},${1 / (index + 1)},\n`)
  await writeFile(join(root, 'metrics.csv'), HEAD + rows.slice(0, 10).join(''))
  const { job_id, status } = await importRun(here.board, root, {})
  expect(status).toBe('running')
  for (const [from, to] of [
    [10, 20],
    [20, 30],
  ] as const) {
    await using _agent = agentOf(here.board)
    await appendFile(
      join(root, 'metrics.csv'),
      rows.slice(from, to).join('') + `0,${to - 1},,${to}\n`,
    )
    await statusWhen(job_id, (loss) => loss === to)
  }
  const losses = async () => {
    const [loss] = await readSeries(here.board.db, job_id, { names: ['loss'], points: 100 })
    return [...loss!.values]
  }
  expect(await losses()).toEqual(rows.slice(0, 30).map((_, index) => 1 / (index + 1)))
  await using _agent = agentOf(here.board)
  const other = `${HEAD}0,4,7,\n0,4,,99\n`
  await writeFile(join(root, 'other'), other)
  await rename(join(root, 'other'), join(root, 'metrics.csv'))
  const now = await eventually(async () => {
    const { db, host_id } = here.board
    const jobs = await jobsOfFolder(db, host_id, { root, folder_id: null })
    return jobs.find((job) => job.job_id !== job_id)
  })
  await statusWhen(now.job_id, (loss) => loss === 99)
  expect(await losses()).toEqual(rows.slice(0, 30).map((_, index) => 1 / (index + 1)))
  expect(await jobStatus(here.board.db, job_id)).toMatchObject({
    status: 'stopped',
    error: expect.stringMatching(/^Another run began in its folder at \d{4}-/),
  })
})

test('a recorder ends even if the run writes faster than it is read', async () => {
  const root = join(here.path, 'fast')
  await mkdir(root)
  const path = join(root, 'metrics.csv')
  await writeFile(path, `${HEAD}0,0,1,\n`)
  const { job_id } = await importRun(here.board, root, {})
  const recorder = new FilesRecorder(here.board.db, { job_id, folder: root }, { isOver: false })
  let step = 0
  const record = recorder.record.bind(recorder)
  // The program writes another row before each check.
  recorder.record = async () => {
    await appendFile(path, `0,${++step},1,\n`)
    return record()
  }
  await recorder.finish()
  expect((await jobStatus(here.board.db, job_id))?.current_step).toBeGreaterThan(1)
})

test('files that appear at the end of a run are recorded', async () => {
  const root = join(here.path, 'turned up')
  await mkdir(root)
  const log = join(root, 'bestmark-output.log')
  const mark = (word: string) => `bestmark run: ${new Date().toISOString()} ${word}\n`
  await writeFile(log, `${mark('started: x')}{"step": 1, "loss": 3}\n`)
  const { job_id } = await importRun(here.board, root, {})
  const [over, troubles] = [new AbortController(), [] as unknown[]]
  const run = { job_id, folder: root, host_id: here.board.host_id }
  const followed = followFiles(here.board.db, run, over.signal, (error) => troubles.push(error))
  await eventually(async () =>
    (await sourceCursor(here.board.db, job_id, 'files')) ? true : undefined,
  )
  await writeFile(join(root, 'metrics.csv'), `${HEAD}0,0,3,7\n`)
  await appendFile(log, mark('completed'))
  await followed
  expect(troubles).toEqual([])
  expect(await jobStatus(here.board.db, job_id)).toMatchObject({
    status: 'completed',
    eval_loss: 7,
  })
})

test.each([
  ['a table', 'metrics.csv', `${HEAD}0,0,1,\n`, `0,1,1,\n`, followFiles],
  [
    'a journal',
    'journal.jsonl',
    `${JSON.stringify({ journal: 1, job_id: randomUUID(), name: 'n', project: 'p' })}\n`,
    `${JSON.stringify({ type: 'heartbeat', attempt: 0, at: 1 })}\n`,
    followJournal,
  ],
])(
  'if a job is removed while %s is followed, following ends with one error',
  async (_, file, head, more, follow) => {
    const root = join(here.path, file)
    await mkdir(root)
    await writeFile(join(root, file), head)
    const { job_id } = await importRun(here.board, root, {})
    const troubles: unknown[] = []
    const run = { job_id, folder: root, host_id: here.board.host_id }
    await here.board.db.sql`delete from training_jobs where job_id = ${job_id}`
    await appendFile(join(root, file), more)
    const { signal } = new AbortController()
    await follow(here.board.db, run, signal, (error) => troubles.push(error))
    expect(troubles).toEqual([new JobUnknown(job_id)])
  },
)

test('events of a failed transaction are recorded by the next one', async () => {
  const root = join(here.path, 'cut')
  await mkdir(root)
  const path = join(root, 'metrics.csv')
  const rows = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, index) => `0,${from + index},1,\n`).join('')
  await writeFile(path, HEAD + rows(0, 3))
  const { job_id } = await importRun(here.board, root, {})
  const [{ db }, run] = [here.board, { job_id, folder: root }]
  let isAway = false
  const transaction: typeof db.orm.transaction = (...args) => {
    if (isAway) return Promise.reject(new Error('The connection was cut.'))
    return db.orm.transaction(...args)
  }
  const orm = new Proxy(db.orm, {
    get: (orm, name) =>
      name === 'transaction' ? transaction : (Reflect.get(orm, name) as unknown),
  })
  const recorder = new FilesRecorder({ ...db, orm }, run, { isOver: false })
  await recorder.finish()
  await appendFile(path, rows(3, 6))
  isAway = true
  await expect(recorder.record()).rejects.toThrow('cut')
  isAway = false
  await appendFile(path, rows(6, 8))
  await recorder.finish()
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 100 })
  expect([...(loss?.steps ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test('a HuggingFace run is followed by its state files until it ends', async () => {
  const root = join(here.path, 'states')
  const log = [
    { step: 100, eval_loss: 2 },
    { step: 200, eval_loss: 1 },
  ]
  await writeOutput(root, { saves: [100], log, root: false })
  const { job_id } = await importRun(here.board, root, {})
  await using _agent = agentOf(here.board)
  await statusWhen(job_id, (loss) => loss === 2)
  await writeOutput(root, { saves: [200], log, root: false })
  const seen = await statusWhen(job_id, (loss) => loss === 1)
  expect(seen).toMatchObject({
    status: 'running',
    best_checkpoint_path: join(root, 'checkpoint-200'),
  })
  expect(await listCheckpoints(here.board.db, job_id)).toHaveLength(2)
  await writeOutput(root, { saves: [], log: [...log, { step: 1000, eval_loss: 3 }] })
  await eventually(async () => {
    const status = await jobStatus(here.board.db, job_id)
    return status?.status === 'completed' ? status : undefined
  })
})

test('a better source that appears later takes over, and values that only the old one has stay', async () => {
  const root = join(here.path, 'richer')
  await mkdir(root)
  const line = (step: number, loss: number) =>
    `${JSON.stringify({ current_steps: step, total_steps: 1000, loss, throughput: step })}\n`
  await writeFile(join(root, 'trainer_log.jsonl'), line(100, 5) + line(200, 4))
  const { job_id } = await importRun(here.board, root, {})
  await using _agent = agentOf(here.board)
  const log: Record<string, number>[] = [
    { step: 100, loss: 5.25 },
    { step: 100, eval_loss: 3 },
  ]
  await writeOutput(root, { saves: [100], log, root: false })
  await statusWhen(job_id, (loss) => loss === 3)
  const values = await eventually(async () => {
    const names = ['loss', 'throughput']
    const found = await readSeries(here.board.db, job_id, { names, points: 100 })
    const all = found.map((series) => [...series.values])
    return all.every((one) => one.length === 2) ? all : undefined
  })
  expect(values).toEqual([
    [5.25, 4],
    [100, 200],
  ])
  const lines = await jobLogs(here.board.db, job_id)
  expect(lines.map(({ text }) => text)).toContain(
    'This run is read from the files of huggingface; llamafactory adds throughput',
  )
})

test('a run without times in its files has an ETA from the times at which its lines appear', async () => {
  const root = join(here.path, 'timed')
  await mkdir(root)
  const line = (step: number) => {
    return `${JSON.stringify({ current_steps: step, total_steps: 1000, loss: 1 })}\n`
  }
  const path = join(root, 'trainer_log.jsonl')
  await writeFile(path, line(100))
  const { job_id } = await importRun(here.board, root, {})
  const recorder = new FilesRecorder(here.board.db, { job_id, folder: root }, { isOver: false })
  await recorder.finish()
  const etaAfter = async (step: number) => {
    await appendFile(path, line(step))
    await recorder.finish()
    const { updated_at } = (await jobStatus(here.board.db, job_id)) ?? {}
    return (await jobStatus(here.board.db, job_id, updated_at ?? 0))?.eta_seconds
  }
  expect(await etaAfter(200)).toBeNull()
  await sleep(20)
  expect(await etaAfter(300)).toBeGreaterThan(0)
})

test('a cursor of an older version is ignored: the history is read again, each point once', async () => {
  const root = join(here.path, 'upgraded')
  await mkdir(root)
  await writeFile(join(root, 'bestmark-output.log'), '{"step": 1, "loss": 3}\n')
  const { job_id } = await importRun(here.board, root, {})
  const from = await sourceCursor(here.board.db, job_id, 'files')
  const { format: _format, ...older } = JSON.parse(from?.replace(/^beside \S* \S* /, '') ?? '')
  delete older.state.firsts
  const batch = { source: 'files', from, to: JSON.stringify(older), events: [] }
  expect(await record(here.board.db, job_id, batch)).toMatchObject({ recorded: true })
  await appendFile(join(root, 'bestmark-output.log'), '{"step": 2, "loss": 2}\n')
  await importRun(here.board, root, {})
  const [loss] = await readSeries(here.board.db, job_id, { names: ['loss'], points: 9 })
  expect(loss).toMatchObject({ count: 2, values: Float64Array.of(3, 2) })
})

test('the recorder of a folder ends when the job moves to another folder, and does not move it back', async () => {
  const [root, moved] = [join(here.path, 'before'), join(here.path, 'moved')]
  for (const folder of [root, moved]) {
    await mkdir(folder)
    await writeFile(join(folder, 'metrics.csv'), `${HEAD}0,1,2,\n0,1,,2\n`)
  }
  const { db, host_id, host } = here.board
  const { job_id, name, project } = await importRun(here.board, root, {})
  const following = followFiles(
    ...([db, { job_id, folder: root, host_id }, new AbortController().signal] as const),
    (error) => expect.unreachable(String(error)),
  )
  const named = { job_id, host_id, host, name, project, source: 'lightning' }
  await registerJob(db, { ...named, root: moved, status: 'running' })
  await appendFile(join(root, 'metrics.csv'), '0,2,,1\n')
  await following
  expect(await jobStatus(db, job_id)).toMatchObject({ output_dir: moved, eval_loss: 2 })
})
