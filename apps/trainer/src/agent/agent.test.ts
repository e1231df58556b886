import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasEnded, type TrainingJobStatus, JOURNAL } from '@bestmark/core'
import {
  createDeployment,
  jobDetail,
  jobStatus,
  listCheckpoints,
  listDeployments,
  readSeries,
  registerJob,
  requestStop,
} from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Agent } from './agent.ts'
import { AGENT_OPTIONS } from './options.ts'
import { openBoard, type Board } from '../board/board.ts'
import { agentOf, newBoardEnv } from '../board/testing.ts'
import { importRun } from '../recording/importRun.ts'
import { type JournalEvent, openJournal } from '../journal/write.ts'
import { readRunProcess, writeRunProcess } from '../processes/mark.ts'
import { recordJournal } from '../recording/journal.ts'
import { CHAR_LM } from '@bestmark/char-lm'
import { TAKEN } from '../processes/runClaim.ts'
import { command } from '../commands/testing.ts'
import { startRun, type StartedRun } from './startRun.ts'
import { copyOfRun, lossesInJournal, savedSteps } from './testing.ts'
import { BESTMARK, bestmark, eventually, temporaryFolder, weightsOf } from '../testing.ts'

let home: Awaited<ReturnType<typeof temporaryFolder>>
let database: Awaited<ReturnType<typeof newBoardEnv>>
let board: Board
beforeAll(async () => {
  home = await temporaryFolder()
  database = await newBoardEnv(home.path)
  board = await openBoard(database.env)
})
afterAll(async () => {
  await board[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
  await home[Symbol.asyncDispose]()
})

/** A fast pace, so that tests do not wait. */
const OFTEN = {
  ...AGENT_OPTIONS,
  pace: { ...AGENT_OPTIONS.pace, round: 200, silence: 200, rest: 100 },
}

const agentHere = (options = OFTEN) => agentOf(board, options)

function agentElsewhere(): ChildProcess {
  return spawn(BESTMARK, ['agent'], { env: { ...process.env, ...database.env } })
}

function start(preset: string, name: string, agent?: Agent): Promise<StartedRun> {
  const job_id = randomUUID()
  agent?.reserve(job_id)
  return startRun(board.db, board, { recipe: CHAR_LM, preset, name, project: 'tests', job_id })
}

async function jobWhen(
  { job_id }: { job_id: string },
  when: (job: TrainingJobStatus) => boolean,
): Promise<TrainingJobStatus> {
  return eventually(async () => {
    const job = await jobStatus(board.db, job_id)
    return job && when(job) ? job : undefined
  })
}

const ended = ({ status }: TrainingJobStatus): boolean => hasEnded(status)
const hasBest = ({ best_step }: TrainingJobStatus): boolean => best_step !== null

let completed: StartedRun
beforeAll(async () => {
  await using here = agentHere()
  completed = await start('quick', 'completes')
  await here.agent.adopt(completed)
  await jobWhen(completed, ended)
})

const completedRun = (name: string) => copyOfRun(board, completed, join(home.path, name))

test('a completed run has each point on the board once, and its best is not its last checkpoint', async () => {
  const run = completed
  const job = await jobWhen(run, ended)
  expect(job).toMatchObject({ status: 'completed', progress: 1 })
  expect(job.best_step).toBeLessThan(job.current_step ?? 0)
  const [loss] = await readSeries(board.db, run.job_id, { names: ['loss'], points: 5000 })
  expect([...loss!.values]).toEqual(await lossesInJournal(run.folder))
})

test('if the child process is killed, its job fails with the reason', async () => {
  await using here = agentHere()
  const run = await start('long', 'killed', here.agent)
  const recorded = here.agent.adopt(run)
  await jobWhen(run, ({ current_step }) => (current_step ?? 0) > 0)
  process.kill(run.pid, 'SIGKILL')
  await recorded
  expect(await jobStatus(board.db, run.job_id)).toMatchObject({
    status: 'failed',
    error: 'The training process was killed by SIGKILL',
  })
})

test('after a stop request the run writes a last checkpoint and its job is stopped', async () => {
  await using here = agentHere()
  const run = await start('long', 'stops')
  await jobWhen(run, ({ current_step }) => (current_step ?? 0) > 0)
  await requestStop(board.db, run.job_id)
  await here.agent.adopt(run)
  const job = await jobWhen(run, ended)
  expect(job).toMatchObject({ status: 'stopped', error: null })
  const saved = await listCheckpoints(board.db, run.job_id)
  expect(saved.find(({ step }) => step === job.current_step)).toMatchObject({
    files_state: 'complete',
  })
})

test('a killed agent loses nothing: the next agent adopts its run', async () => {
  const run = await start('quick', 'adopted')
  const first = agentElsewhere()
  await jobWhen(run, ({ current_step }) => (current_step ?? 0) > 0)
  first.kill('SIGKILL')
  await run.exited
  await using _next = agentHere()
  expect(await jobWhen(run, ended)).toMatchObject({ status: 'completed' })
  const [loss] = await readSeries(board.db, run.job_id, { names: ['loss'], points: 5000 })
  expect([...loss!.values]).toEqual(await lossesInJournal(run.folder))
})

test('an adopted run without a process has stopped, and train --resume continues it as the next attempt', async () => {
  const run = await start('long', 'resumed')
  await eventually(async () => (await savedSteps(run.folder)).includes(50) || undefined)
  process.kill(run.pid, 'SIGKILL')
  await run.exited
  const saved = await savedSteps(run.folder)
  await using _agent = agentHere()
  const stopped = await jobWhen(run, ({ status }) => status === 'stopped')
  expect(stopped).toMatchObject({ error: expect.stringContaining('No new lines since') })
  expect(saved).toContain(stopped.best_step)

  const env = { ...process.env, ...database.env }
  const resumed = spawn(BESTMARK, ['train', '--resume', 'resumed'], { env })
  const last = saved.at(-1) ?? NaN
  await jobWhen(run, ({ current_step, status }) => status === 'running' && current_step! > last)
  const refused = await command(['train', '--resume', 'resumed'], { env })
  expect(refused).toMatchObject({ code: 2 })
  expect(refused.stderr).toContain('is still running')
  resumed.kill('SIGINT')
  await jobWhen(run, ({ status }) => status === 'stopped')
  const { attempts } = (await jobDetail(board.db, run.job_id))!
  expect(attempts.map(({ attempt, resumed_from }) => [attempt, resumed_from])).toEqual([
    [0, null],
    [1, last],
  ])
})

test('if a run is resumed twice at once, only one process trains, and the other does not change how the job ends', async () => {
  await using here = agentHere()
  const run = await start('quick', 'twice')
  await here.agent.adopt(run)
  const again = () => bestmark(['train', '--resume', run.job_id], { env: database.env })
  const codes = (await Promise.all([again(), again()])).map(({ code }) => code)
  expect(codes).toContain(0)
  const isCompleted = { status: 'completed', error: null }
  expect(await jobStatus(board.db, run.job_id)).toMatchObject(isCompleted)
  // A child that found the run claimed. Its end is seen only after the other child has ended.
  const exited = Promise.resolve({ code: TAKEN, signal: null })
  await here.agent.adopt({ ...run, attempt: 9, pid: 1, exited })
  expect(await jobStatus(board.db, run.job_id)).toMatchObject(isCompleted)
})

test('a resume that fails before training marks the job failed, with the reason', async () => {
  await using here = agentHere()
  const run = await start('long', 'unreadable')
  await jobWhen(run, hasBest)
  run.signal('SIGTERM')
  await here.agent.adopt(run)
  const { current_step } = await jobWhen(run, ended)
  const weights = join(run.folder, `checkpoint-${current_step}`, 'model.safetensors')
  // A complete file, but of another model.
  await writeFile(weights, weightsOf(1))
  const { code } = await command(['train', '--resume', run.job_id], {
    env: { ...database.env },
  })
  expect(code).toBe(1)
  const job = await jobStatus(board.db, run.job_id)
  expect(job).toMatchObject({ status: 'failed' })
  expect(job?.error).toContain('no tensor')
})

test('an incomplete process mark is ignored: the run has stopped, and the agent continues', async () => {
  const run = await start('long', 'torn')
  await eventually(async () => readRunProcess(run.folder))
  run.signal('SIGKILL')
  await run.exited
  await writeFile(join(run.folder, 'process.json'), '{"pid": 1')
  await using _agent = agentHere({ ...OFTEN, pace: { ...OFTEN.pace, starting: 500 } })
  await jobWhen(run, ({ status }) => status === 'stopped')
})

test('a journal that starts again replaces what was recorded', async () => {
  await using _agent = agentHere()
  const run = await completedRun('rewritten')
  const path = join(run.folder, 'journal.jsonl')
  const [header, started] = (await readFile(path, 'utf8')).split('\n')
  await writeFile(path, `${header}\n${started}\n`)
  await recordJournal(board.db, run)
  expect(await jobStatus(board.db, run.job_id)).toMatchObject({ best_step: null, loss: null })
})

test('an ordered checkpoint is shipped, verified and live, and its record holds the reason', async () => {
  await using _agent = agentHere()
  const run = await completedRun('shipped')
  const job = await jobWhen(run, hasBest)
  const order = { job_id: run.job_id, checkpoint_id: job.best_checkpoint_id!, model_name: 'moby' }
  await createDeployment(board.db, order)
  const done = await eventually(async () => {
    const [deployment] = await listDeployments(board.db, { job_id: run.job_id })
    return deployment?.status === 'done' ? deployment : undefined
  })
  expect(done).toMatchObject({ is_best: true, step: job.best_step, error: null })
  expect(done.bytes_done).toBe(done.bytes_total)
  const live = join(board.home, 'models', 'moby', 'current')
  const [shipped, saved] = await Promise.all(
    [live, job.best_checkpoint_path!].map((folder) => readFile(join(folder, 'model.safetensors'))),
  )
  expect(shipped!.equals(saved!)).toBe(true)
})

test('if the files of the best disappear, the next checkpoint is best until they are back', async () => {
  await using _agent = agentHere()
  const run = await completedRun('swept')
  const { best_step, best_checkpoint_path } = await jobWhen(run, ended)
  await rename(best_checkpoint_path!, join(home.path, 'away'))
  await jobWhen(run, (job) => job.best_step !== best_step)
  await rename(join(home.path, 'away'), best_checkpoint_path!)
  await jobWhen(run, (job) => job.best_step === best_step)
})

test('a run of another program stops when its journal is silent and no process has it open, and runs again with its next line', async () => {
  const root = join(home.path, 'foreign')
  const job_id = randomUUID()
  await mkdir(root)
  const named = { name: 'foreign', project: 'tests', recipe: '' }
  const append = (event: JournalEvent): void => {
    using journal = openJournal(root, { journal: 1, job_id, ...named })
    journal.append(event)
  }
  const log = (step: number, loss: number): void =>
    append({ type: 'metrics', attempt: 0, step, at: Date.now(), values: { loss } })
  append({ type: 'started', attempt: 0, at: Date.now() })
  log(1, 2)
  await importRun(board, root, {})
  const patience = { factor: 1, floor: 3_000 }
  await using _agent = agentHere({ ...OFTEN, patience })
  const silent = await jobWhen({ job_id }, ({ status }) => status === 'stopped')
  expect(silent.error).toMatch(/^No new lines since \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$/)
  log(2, 1)
  const back = await jobWhen({ job_id }, ({ status }) => status === 'running')
  expect(back).toMatchObject({ current_step: 2, error: null, ended_at: null })
  await jobWhen({ job_id }, ({ status }) => status === 'stopped')
  append({ type: 'ended', attempt: 0, at: Date.now(), status: 'completed' })
  await jobWhen({ job_id }, ({ status }) => status === 'completed')
})

test('a run whose process runs on this machine is never lost, even if it is silent', async () => {
  const root = join(home.path, 'thinking')
  const job_id = randomUUID()
  await mkdir(root)
  const named = { name: 'thinking', project: 'tests', recipe: '' }
  openJournal(root, { journal: 1, job_id, ...named })[Symbol.dispose]()
  writeRunProcess(root, 0)
  const { host_id, host } = board
  const job = { job_id, host_id, host, root, source: JOURNAL, status: 'running' } as const
  await registerJob(board.db, { ...job, name: 'thinking', project: 'tests' })
  const patience = { factor: 1, floor: 1 }
  await using _agent = agentHere({ ...OFTEN, patience })
  // A second silent run without a process becomes lost. This shows that the agent has checked.
  const other = { ...job, job_id: randomUUID(), root: join(home.path, 'elsewhere') }
  await registerJob(board.db, { ...other, name: 'gone', project: 'tests', source: 'huggingface' })
  await jobWhen(other, ({ status }) => status === 'lost')
  expect(await jobStatus(board.db, job_id)).toMatchObject({ status: 'running' })
  await rm(join(root, 'process.json'))
})
