import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cancellable, JOURNAL, shellWord } from '@bestmark/core'
import { jobDetail, jobStatus, requestStop } from '@bestmark/db'
import { expect, test } from 'vitest'
import { AGENT_OPTIONS } from '../agent/options.ts'
import { agentOf, testBoard } from '../board/testing.ts'
import { importRun } from '../recording/importRun.ts'
import { CLIENT } from '../sources/programsTesting.ts'
import { eventually } from '../testing.ts'
import { slurmWith } from './jobsTesting.ts'
import { hasSlurm, PATIENCE, why } from './testing.ts'

const here = testBoard()
const { submitScript, call } = slurmWith(here)
const HASTY = { ...AGENT_OPTIONS, pace: { ...AGENT_OPTIONS.pace, backstop: 200, rest: 100 } }
const python = process.env['BESTMARK_PYTHON'] ?? 'python3'

/** Logs an evaluation, and waits for a signal. */
const PROGRAM = `
import sys, time, bestmark
bestmark.init(sys.argv[1])
bestmark.log({"eval_loss": 0.5}, step=6)
time.sleep(600)
`

/** The batch script for a run, in which `PROGRAM` stands for the command line of its program. */
async function trains(name: string, script: string, ...options: string[]) {
  const root = join(here.path, name)
  await mkdir(root)
  const program = join(root, 'train.py')
  await writeFile(program, PROGRAM)
  const words = [python, program, root].map(shellWord).join(' ')
  const setup = `export PYTHONPATH=${shellWord(join(CLIENT, 'src'))} BESTMARK_MACHINE=on`
  const text = script.replaceAll('PROGRAM', words).replaceAll('FOLDER', shellWord(root))
  const number = await submitScript(`#!/bin/bash\n${setup}\n${text}\n`, ...options)
  await eventually(async () => existsSync(join(root, JOURNAL)) || undefined)
  const { job_id } = await importRun(here.board, root, {})
  const statusIs = (wanted: string) =>
    eventually(async () => {
      const job = await jobStatus(here.board.db, job_id)
      return job?.status === wanted && job.slurm ? job : undefined
    })
  const offered = () =>
    eventually(async () => (await jobDetail(here.board.db, job_id))?.is_stoppable || undefined)
  return { number, job_id, root, statusIs, offered }
}

test.skipIf(!hasSlurm)(
  `a run that is the whole Slurm job, by exec or as the only program of its script, is stopped by scancel${why}`,
  { timeout: PATIENCE },
  async () => {
    await using _agent = agentOf(here.board, HASTY)
    const ways = { replaces: 'exec PROGRAM', only: 'cd FOLDER\nPROGRAM > log 2>&1' }
    for (const [name, script] of Object.entries(ways)) {
      const { number, job_id, statusIs, offered } = await trains(name, script)
      await offered()
      expect(cancellable((await statusIs('running')).slurm!)).toBe(number)
      await requestStop(here.board.db, job_id)
      expect((await statusIs('stopped')).end_cause?.code).toBe('cancelled')
      expect(await call('scontrol', 'show', 'job', number)).toContain('JobState=CANCELLED')
      const isOffered = async () => (await jobDetail(here.board.db, job_id))?.is_stoppable
      await eventually(async () => (await isOffered()) === false || undefined)
    }
  },
)

test.skipIf(!hasSlurm)(
  `a run whose batch script runs a second program cannot be stopped, because that would end, too${why}`,
  { timeout: PATIENCE },
  async () => {
    const { number, job_id, statusIs } = await trains(
      'first',
      'PROGRAM\necho second > FOLDER/second',
    )
    const { slurm } = await statusIs('running')
    expect([slurm?.job_id, cancellable(slurm!)]).toEqual([number, null])
    await expect(requestStop(here.board.db, job_id)).rejects.toThrow('cannot be stopped')
    await call('scancel', number)
  },
)

test.skipIf(!hasSlurm)(
  `a run that srun starts is stopped with its step, and the batch script goes on${why}`,
  { timeout: PATIENCE },
  async () => {
    await using _agent = agentOf(here.board, HASTY)
    const script = 'srun PROGRAM\necho second > FOLDER/second'
    const { number, root, job_id, statusIs, offered } = await trains('step', script)
    await offered()
    expect(cancellable((await statusIs('running')).slurm!)).toBe(`${number}.0`)
    await requestStop(here.board.db, job_id)
    await statusIs('stopped')
    await eventually(async () => existsSync(join(root, 'second')) || undefined)
  },
)

test.skipIf(!hasSlurm)(
  `a silent run goes on while its Slurm job does, and then says what ended it${why}`,
  { timeout: PATIENCE },
  async () => {
    const patience = { factor: 1, floor: 1 }
    await using _agent = agentOf(here.board, { ...HASTY, patience })
    const silent = await trains('silent', 'exec PROGRAM', '--time=60')
    const other = await trains('other', 'PROGRAM\necho second')
    // It may end while the batch script goes on, so only its silence counts.
    await other.statusIs('stopped')
    await silent.statusIs('running')
    await call('scontrol', 'update', `JobId=${silent.number}`, 'EndTime=now')
    expect((await silent.statusIs('stopped')).end_cause?.code).toBe('time_limit')
    await call('scancel', other.number)
  },
)
