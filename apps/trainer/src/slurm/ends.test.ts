import { jobDetail } from '@bestmark/db'
import { expect, test } from 'vitest'
import { AGENT_OPTIONS } from '../agent/options.ts'
import { agentOf, testBoard } from '../board/testing.ts'
import { slurmWith } from './jobsTesting.ts'
import { hasSlurm, PATIENCE, why } from './testing.ts'

const here = testBoard()
const { submit, jobOf, call } = slurmWith(here)
const HASTY = { ...AGENT_OPTIONS, pace: { ...AGENT_OPTIONS.pace, backstop: 200, rest: 100 } }

/** A job that trains, and waits. */
async function trains(...options: string[]): Promise<string> {
  const number = await submit('wait', ...options)
  await jobOf(number, ({ current_step }) => current_step === 15)
  return number
}

const NODE_FAILED = 'A node of its Slurm job failed.'
const said = (code: string) => ({ code, by: null, is_inferred: false })

test.skipIf(!hasSlurm)(
  `a job at its time limit, a cancelled one and one of a failed node are told apart${why}`,
  { timeout: PATIENCE },
  async () => {
    const [late, unwanted] = await Promise.all([trains('--time=60'), trains()])
    await call('scontrol', 'update', `JobId=${late}`, 'EndTime=now')
    await call('scancel', unwanted)
    const cancelled = await jobOf(unwanted, ({ status }) => status === 'stopped')
    expect(cancelled.end_cause).toEqual(said('cancelled'))
    const ended = await jobOf(late, ({ status }) => status === 'stopped')
    expect(ended).toMatchObject({ end_cause: said('time_limit'), error: null })
    const broken = await trains('--no-requeue')
    const node = (await call('sinfo', '-h', '-o', '%N')).split('\n')[0] ?? ''
    await call('scontrol', 'update', `NodeName=${node}`, 'State=DOWN', 'Reason=test')
    const failed = await jobOf(broken, ({ status }) => status === 'failed')
    expect(failed).toMatchObject({ end_cause: said('node_failed'), error: NODE_FAILED })
  },
)

test.skipIf(!hasSlurm)(
  `a preempted job is told as such in the attempt that it ended, and goes on in the next${why}`,
  { timeout: PATIENCE },
  async () => {
    const low = await trains('--cpus-per-task=8')
    const high = await submit('wait', '--cpus-per-task=8', '--partition=high')
    const stopped = await jobOf(low, ({ status }) => status === 'stopped')
    expect(stopped.end_cause).toEqual(said('preempted'))
    await call('scancel', high)
    const again = await jobOf(low, ({ current_step }) => current_step === 25)
    expect(again).toMatchObject({ job_id: stopped.job_id, status: 'running', end_cause: null })
    const detail = await jobDetail(here.board.db, again.job_id)
    expect(detail?.attempts.map(({ end_cause }) => end_cause)).toEqual([said('preempted'), null])
    await call('scancel', low)
  },
)

test.skipIf(!hasSlurm)(
  `if Slurm kills a job for its memory, with all its processes, the agent learns it from Slurm${why}`,
  { timeout: PATIENCE },
  async () => {
    await using _agent = agentOf(here.board, HASTY)
    const number = await submit('memory', '--mem=600')
    await jobOf(number, ({ current_step }) => current_step === 15)
    await call('scancel', '--batch', '--signal=USR1', number)
    const job = await jobOf(number, ({ status }) => status === 'failed')
    expect(job.end_cause).toEqual(said('out_of_memory'))
  },
)

test.skipIf(!hasSlurm)(
  `a program that completes by itself has no cause beside it${why}`,
  { timeout: PATIENCE },
  async () => {
    const number = await submit('end')
    const job = await jobOf(number, ({ status }) => status === 'completed')
    expect(job.end_cause).toBe(null)
  },
)
