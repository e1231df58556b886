import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasEnded, type TrainingJobStatus, JOURNAL } from '@bestmark/core'
import { jobStatus, registerJob } from '@bestmark/db'
import { thisMachine } from '@bestmark/db/machine'
import { expect, test } from 'vitest'
import { agentOf, testBoard } from '../board/testing.ts'
import { openJournal } from '../journal/write.ts'
import { readRunProcess } from '../processes/mark.ts'
import { BESTMARK, eventually } from '../testing.ts'
import { AGENT_OPTIONS } from './options.ts'

const here = testBoard()
const PACE = { ...AGENT_OPTIONS.pace, round: 100, silence: 100, rest: 100 }
const PATIENT = { ...AGENT_OPTIONS, pace: PACE }
const IMPATIENT = { ...PATIENT, patience: { factor: 1, floor: 1 } }

async function jobWhen(
  job_id: string,
  when: (job: TrainingJobStatus) => boolean,
): Promise<TrainingJobStatus> {
  return eventually(async () => {
    const job = await jobStatus(here.board.db, job_id)
    return job && when(job) ? job : undefined
  })
}

/** A running job with a journal on a shared disk, whose process has a machine that is not this one. */
async function runOfAnotherMachine(name: string) {
  const [job_id, root] = [randomUUID(), join(here.path, name)]
  const named = { name, project: 'tests' }
  await mkdir(root, { recursive: true })
  const { host_id, host, db } = here.board
  const job = { job_id, host_id, host, root, source: JOURNAL, status: 'running' } as const
  await registerJob(db, { ...job, ...named })
  const machine = { ...thisMachine(), hostname: 'bert', machine_id: 'b2', boot_id: 'another' }
  const mark = { pid: 4_194_303, started_at: 'once', machine, attempt: 0 }
  await writeFile(join(root, 'process.json'), JSON.stringify(mark))
  const log = (step: number, loss: number): void => {
    using journal = openJournal(root, { journal: 1, job_id, ...named, recipe: null })
    if (step === 1) journal.append({ type: 'started', attempt: 0, at: Date.now() })
    journal.append({ type: 'metrics', attempt: 0, step, at: Date.now(), values: { loss } })
  }
  log(1, 3)
  return { job_id, log }
}

test('a run of another machine is recorded, and its process id is not judged here', async () => {
  const { job_id, log } = await runOfAnotherMachine('shared')
  await using _agent = agentOf(here.board, PATIENT)
  await jobWhen(job_id, ({ current_step }) => current_step === 1)
  for (const step of [2, 3, 4]) {
    log(step, 3 - step / 2)
    const job = await jobWhen(job_id, ({ current_step }) => current_step === step)
    expect(job).toMatchObject({ status: 'running', error: null })
  }
})

test('if a run of another machine falls silent it is lost, and a new line brings it back', async () => {
  const { job_id, log } = await runOfAnotherMachine('silent')
  await using _agent = agentOf(here.board, IMPATIENT)
  await jobWhen(job_id, ({ status }) => status === 'lost')
  log(2, 1)
  await jobWhen(job_id, ({ current_step }) => current_step === 2)
})

const canIsolate = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0
const PROGRAM = `
const { writeFileSync, existsSync } = require('node:fs')
const step = (n) => {
  if (n > 3) return
  console.log(JSON.stringify({ step: n, loss: 3 / n, eval_loss: 4 / n }))
  const wait = () => (existsSync('go') ? step(n + 1) : setTimeout(wait, 50))
  n === 2 ? wait() : setTimeout(() => step(n + 1), 200)
}
step(1)`

test.skipIf(!canIsolate)(
  'a program in another container is recorded until it ends there (needs unshare and root)',
  async () => {
    const folder = join(here.path, 'container')
    await mkdir(folder, { recursive: true })
    const run = ['run', '--name', 'inside', '--', process.execPath, '-e', PROGRAM]
    const isolated = ['--pid', '--fork', '--mount-proc', BESTMARK, ...run]
    const child = spawn('unshare', isolated, {
      cwd: folder,
      env: { ...process.env, ...here.env, INIT_CWD: folder },
      stdio: 'ignore',
    })
    const exit = once(child, 'exit')
    const { job_id, output_dir } = await eventually(async () => here.jobNamed('inside'))
    await using _agent = agentOf(here.board, PATIENT)
    await jobWhen(job_id, ({ current_step }) => current_step === 2)
    const mark = readRunProcess(output_dir)
    expect(mark?.machine?.pid_namespace).not.toBe(thisMachine().pid_namespace)
    // Some rounds of the agent, which would see no such process.
    await new Promise((resolve) => setTimeout(resolve, 10 * PACE.round))
    expect(await jobStatus(here.board.db, job_id)).toMatchObject({ status: 'running' })
    await writeFile(join(folder, 'go'), '')
    expect(await exit).toEqual([0, null])
    expect(await jobWhen(job_id, ({ status }) => hasEnded(status))).toMatchObject({
      ...{ status: 'completed', error: null, current_step: 3 },
    })
  },
)
