import { expect, test } from 'vitest'
import { causeMark, readMark } from '../sources/output/runOutput.ts'
import { causeOf } from './endOfJob.ts'
import { readShownJob } from './shownJob.ts'
import { phaseOf } from './states.ts'

const JOB = { job_id: '8', restart_count: 0 }

/** A part of what `scontrol show job` of Slurm 22.05 prints. */
const shown = (state: string, reason = 'None', restarts = 0) => {
  const job = readShownJob(`JobId=8 JobName=x JobState=NODE_FAIL
   UserId=root(0) GroupId=root(0) MCS_label=N/A
   JobState=${state} Reason=${reason} Dependency=(null)
   Requeue=1 Restarts=${restarts} BatchFlag=1 Reboot=0 ExitCode=0:0
   StartTime=2026-11-28T00:54:19 EndTime=2026-11-28T00:54:46 Deadline=N/A
   StdErr=/a folder/8.log
`)
  if (!job) throw new Error('The job was not read.')
  return job
}

const ended = (time: string, due = '') =>
  `slurmstepd-n: error: *** JOB 8 ON n CANCELLED AT 2026-11-28T${time}${due} ***\n`
const OOM = `slurmstepd-n: error: StepId=8.batch exceeded memory limit (116908032 > 52428800), being killed\n`
const codeOf = (...[job, stderr = '']: [ReturnType<typeof shown>, string?]) =>
  causeOf(job, JOB, stderr)?.code

test('the fields of a job are read by their place, also if its name looks like one', () => {
  const job = shown('RUNNING')
  expect(job).toMatchObject({ state: 'RUNNING', restarts: 0, is_batch: true })
  expect(job.stderr).toBe('/a folder/8.log')
  expect(readShownJob('slurm_load_jobs error: Invalid job id specified')).toBe(undefined)
})

test('a state of Slurm says why a job ended', () => {
  expect(codeOf(shown('TIMEOUT', 'TimeLimit'))).toBe('time_limit')
  expect(codeOf(shown('OUT_OF_MEMORY'))).toBe('out_of_memory')
  expect(codeOf(shown('NODE_FAIL', 'NodeDown'))).toBe('node_failed')
  expect(codeOf(shown('BOOT_FAIL'))).toBe('boot_failed')
  expect(codeOf(shown('DEADLINE', 'DeadLine'))).toBe('deadline')
  expect(codeOf(shown('CANCELLED'))).toBe('cancelled')
  for (const state of ['RUNNING', 'COMPLETED', 'FAILED', 'SUSPENDED', 'STOPPED', 'REVOKED'])
    expect(codeOf(shown(state))).toBe(undefined)
})

test('a job that waits to be started again, or is suspended, has not ended', () => {
  expect(['PENDING', 'REQUEUE_HOLD', 'SPECIAL_EXIT'].map(phaseOf)).toEqual(Array(3).fill('waits'))
  const live = ['RUNNING', 'SUSPENDED', 'STOPPED', 'SIGNALING', 'COMPLETING', 'STAGE_OUT']
  expect(new Set(live.map(phaseOf))).toEqual(new Set(['lives']))
  expect(['DEADLINE', 'BOOT_FAIL', 'REVOKED'].map(phaseOf)).toEqual(Array(3).fill('ended'))
})

test('while a job ends, its reason and its stderr say why', () => {
  expect(codeOf(shown('COMPLETING', 'TimeLimit'))).toBe('time_limit')
  expect(codeOf(shown('COMPLETING', 'DeadLine'), ended('00:54:30'))).toBe('deadline')
  expect(codeOf(shown('COMPLETING'))).toBe(undefined)
  expect(codeOf(shown('COMPLETING'), ended('00:54:30'))).toBe('cancelled')
  const failed = ended('00:54:30', ' DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS')
  expect(codeOf(shown('COMPLETING'), failed)).toBe('node_failed')
  expect(codeOf(shown('FAILED', 'JobLaunchFailure'), OOM + ended('00:54:30'))).toBe('out_of_memory')
})

test('a job that Slurm starts again was preempted or requeued', () => {
  expect(codeOf(shown('PENDING', 'BeginTime', 1), ended('00:54:10', ' DUE TO PREEMPTION'))).toBe(
    'preempted',
  )
  expect(codeOf(shown('PENDING', 'BeginTime', 1), ended('00:54:10', ' DUE TO JOB REQUEUE'))).toBe(
    'requeued',
  )
  expect(codeOf(shown('PENDING', 'BeginTime', 1))).toBe('requeued')
})

test('what an earlier start of the job wrote to its stderr does not count', () => {
  const before = ended('00:54:10', ' DUE TO PREEMPTION')
  expect(codeOf(shown('COMPLETING'), before)).toBe(undefined)
})

test('a mark keeps what ended a program, and an older reader reads the rest of it', () => {
  const cause = { code: 'cancelled', by: 'ana', is_inferred: true } as const
  const line = `bestmark run: 2026-11-28T00:54:46.000Z stopped${causeMark(cause)}`
  expect(readMark(line)).toMatchObject({ word: 'stopped', cause, error: null })
  const failed = `bestmark run: 2026-11-28T00:54:46.000Z failed [node_failed]: Its node failed.`
  expect(readMark(failed)).toMatchObject({
    error: 'Its node failed.',
    cause: { code: 'node_failed' },
  })
  expect(readMark('bestmark run: 2026-11-28T00:54:46.000Z failed: [x] y')).toMatchObject({
    ...{ error: '[x] y', cause: null },
  })
})
