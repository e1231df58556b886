import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jobLogs, jobStatus, listCheckpoints, readSeries } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Agent } from './agent.ts'
import { openBoard, type Board } from './board.ts'
import { importRun } from './importing.ts'
import { FilesRecorder } from './recordFiles.ts'
import { eventually, temporaryFolder, writeOutput } from './testing.ts'

let home: Awaited<ReturnType<typeof temporaryFolder>>
let board: Board
beforeAll(async () => {
  home = await temporaryFolder()
  board = await openBoard({ BESTMARK_HOME: join(home.path, 'board') })
})
afterAll(async () => {
  await board[Symbol.asyncDispose]()
  await home[Symbol.asyncDispose]()
})

function agentHere(): AsyncDisposable {
  const troubles: unknown[] = []
  const agent = new Agent(board.db, board, {
    tell: (error) => troubles.push(error),
    answered: () => undefined,
  })
  const working = agent.work()
  const dispose = async (): Promise<void> => {
    agent.stop()
    await working
    expect(troubles).toEqual([])
  }
  return { [Symbol.asyncDispose]: dispose }
}

const statusWhen = (job_id: string, test: (eval_loss: number | null) => boolean) =>
  eventually(async () => {
    const status = await jobStatus(board.db, job_id)
    return status && test(status.eval_loss) ? status : undefined
  })

const HEAD = 'epoch,step,train_loss,val_loss\n'

test('an agent follows an unfinished run of another program, each row once, over agents and replaced files', async () => {
  const root = join(home.path, 'table')
  await mkdir(root)
  const rows = Array.from({ length: 40 }, (_, index) => `0,${index},${1 / (index + 1)},\n`)
  await writeFile(join(root, 'metrics.csv'), HEAD + rows.slice(0, 10).join(''))
  const { job_id, status } = await importRun(board, root, {})
  expect(status).toBe('running')
  for (const [from, to] of [
    [10, 20],
    [20, 30],
  ] as const) {
    await using _agent = agentHere()
    await appendFile(
      join(root, 'metrics.csv'),
      rows.slice(from, to).join('') + `0,${to - 1},,${to}\n`,
    )
    await statusWhen(job_id, (loss) => loss === to)
  }
  const losses = async () => {
    const [loss] = await readSeries(board.db, job_id, { names: ['loss'], points: 100 })
    return [...loss!.values]
  }
  expect(await losses()).toEqual(rows.slice(0, 30).map((_, index) => 1 / (index + 1)))
  {
    await using _agent = agentHere()
    const other = `${HEAD}0,4,7,\n0,4,,99\n`
    await writeFile(join(root, 'other'), other)
    await rename(join(root, 'other'), join(root, 'metrics.csv'))
    await statusWhen(job_id, (loss) => loss === 99)
  }
  expect(await losses()).toEqual([7])
})

test('a run that writes faster than it is read does not keep its recorder from ending', async () => {
  const root = join(home.path, 'fast')
  await mkdir(root)
  const path = join(root, 'metrics.csv')
  await writeFile(path, `${HEAD}0,0,1,\n`)
  const { job_id } = await importRun(board, root, {})
  const recorder = new FilesRecorder(board.db, { job_id, folder: root }, { isOver: false })
  let step = 0
  const record = recorder.record.bind(recorder)
  // It writes another row before each look.
  recorder.record = async () => {
    await appendFile(path, `0,${++step},1,\n`)
    return record()
  }
  await recorder.finish()
  expect((await jobStatus(board.db, job_id))?.current_step).toBeGreaterThan(1)
})

test('a HuggingFace run is followed by its states until it closes', async () => {
  const root = join(home.path, 'states')
  const log = [
    { step: 100, eval_loss: 2 },
    { step: 200, eval_loss: 1 },
  ]
  await writeOutput(root, { saves: [100], log, root: false })
  const { job_id } = await importRun(board, root, {})
  await using _agent = agentHere()
  await statusWhen(job_id, (loss) => loss === 2)
  await writeOutput(root, { saves: [200], log, root: false })
  const seen = await statusWhen(job_id, (loss) => loss === 1)
  expect(seen).toMatchObject({
    status: 'running',
    best_checkpoint_path: join(root, 'checkpoint-200'),
  })
  expect(await listCheckpoints(board.db, job_id)).toHaveLength(2)
  await writeOutput(root, { saves: [], log: [...log, { step: 1000, eval_loss: 3 }] })
  await eventually(async () => {
    const status = await jobStatus(board.db, job_id)
    return status?.status === 'completed' ? status : undefined
  })
})

test('a richer source that appears later takes over, and what it lacks stays', async () => {
  const root = join(home.path, 'richer')
  await mkdir(root)
  const line = (step: number, loss: number) =>
    `${JSON.stringify({ current_steps: step, total_steps: 1000, loss, throughput: step })}\n`
  await writeFile(join(root, 'trainer_log.jsonl'), line(100, 5) + line(200, 4))
  const { job_id } = await importRun(board, root, {})
  await using _agent = agentHere()
  const log: Record<string, number>[] = [
    { step: 100, loss: 5.25 },
    { step: 100, eval_loss: 3 },
  ]
  await writeOutput(root, { saves: [100], log, root: false })
  await statusWhen(job_id, (loss) => loss === 3)
  const values = await eventually(async () => {
    const names = ['loss', 'throughput']
    const found = await readSeries(board.db, job_id, { names, points: 100 })
    const all = found.map((series) => [...series.values])
    return all.every((one) => one.length === 2) ? all : undefined
  })
  expect(values).toEqual([
    [5.25, 4],
    [100, 200],
  ])
  const lines = await jobLogs(board.db, job_id)
  expect(lines.map(({ text }) => text)).toContain(
    'huggingface tells most of this run and counts; llamafactory adds throughput',
  )
})
