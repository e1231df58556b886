import { endCauseText } from '@bestmark/core'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { errorText } from '../failure.ts'
import { pause } from '../pause.ts'
import type { CommandEnd, TimedCommand } from '../processes/timedCommand.ts'
import { lastOutput } from '../sources/output/failureText.ts'
import { submitBatch } from './batch.ts'
import { cancelSlurmJob } from './cancel.ts'
import { causeOf } from './endOfJob.ts'
import { isSlurmThere, type ShownJob, shownJob } from './shownJob.ts'
import { phaseOf } from './states.ts'

/** How often Slurm is asked about a job: at first, and later (ms). */
const LOOK = { first: 1_000, later: 5_000 }
/** How many times it is asked as at first. */
const FIRST = 10
const SCANCEL = 'scancel'
/** How long scancel may delay the end of this process (ms). */
const CANCELLING = 2_000

/** How a command is run as a job of Slurm. */
export interface SlurmRun {
  name: string
  /** Options of sbatch. */
  options: readonly string[]
  onNews: (news: SlurmNews) => void
}

/** What Slurm does with a job. */
export interface SlurmNews {
  slurm_job_id: string
  /** The reason of Slurm, such as `Resources`; null once the job runs. */
  waits_for: string | null
}

/**
 * Runs a command as a job of Slurm, and waits for its end. Its time limit counts from its start. If it
 * is stopped, or this process exits, the job is cancelled.
 */
export async function runInSlurm(order: TimedCommand, slurm: SlurmRun): Promise<CommandEnd> {
  const { argv: words, cwd, env = process.env, out, err } = order
  const { name, options } = slurm
  // A job that never starts makes no files.
  for (const file of [out, err]) await writeFile(file, '')
  let slurm_job_id: string
  try {
    slurm_job_id = await submitBatch({ words, name, cwd, env, options, out, err, mode: 'truncate' })
  } catch (error) {
    const text = `was refused by Slurm: ${errorText(error)}`
    return { error: text, seconds: 0, isUnstartable: true }
  }
  const onExit = (): void => cancelAtOnce(slurm_job_id)
  process.once('exit', onExit)
  try {
    return await endOf(slurm_job_id, order, slurm.onNews)
  } finally {
    process.off('exit', onExit)
  }
}

async function endOf(
  slurm_job_id: string,
  { err, timeout, stop }: TimedCommand,
  onNews: SlurmRun['onNews'],
): Promise<CommandEnd> {
  let waits_for: string | null | undefined
  let [startedAt, because, isCancelled]: [number?, string?, boolean?] = []
  for (let looks = 0; ; looks++) {
    const shown = await shownJob(slurm_job_id)
    if (!shown && (await isSlurmThere())) return forgotten(because)
    const phase = shown && phaseOf(shown.state)
    if (shown && phase === 'ended') return endFrom(shown, { slurm_job_id, err, because })
    const now = shown ? (phase === 'waits' ? shown.reason : null) : waits_for
    if (now !== undefined && now !== waits_for) onNews({ slurm_job_id, waits_for: now })
    waits_for = now
    if (phase === 'lives') startedAt ??= performance.now()
    if (stop.aborted) because ??= 'was stopped'
    else if (timeout !== null && performance.now() - (startedAt ?? Infinity) > timeout)
      because ??= `took longer than ${timeout / 1000} s`
    if (because !== undefined && !isCancelled) {
      isCancelled = await cancelSlurmJob(slurm_job_id)
      looks = 0
    }
    const until = stop.aborted ? new AbortController().signal : stop
    await pause(looks < FIRST ? LOOK.first : LOOK.later, until)
  }
}

/** Slurm forgets a job some minutes after its end, such as while nobody could ask. */
function forgotten(because = 'has ended, and Slurm does not know its job any more'): CommandEnd {
  return { error: because, seconds: 0, isUnstartable: false }
}

function endFrom(
  shown: ShownJob,
  { slurm_job_id, err, because }: { slurm_job_id: string; err: string; because?: string },
): CommandEnd {
  const seconds = (Date.parse(shown.ended_at) - Date.parse(shown.started_at)) / 1000 || 0
  return { error: because ?? errorOf(shown, slurm_job_id, err), seconds, isUnstartable: false }
}

function errorOf(shown: ShownJob, job_id: string, err: string): string | null {
  if (shown.state === 'COMPLETED') return null
  const cause = causeOf(shown, { job_id, restart_count: shown.restarts }, lastOutput(err))
  if (cause) return `was ended early: ${endCauseText(cause).replace(/\.$/, '')}`
  const [code, signal] = shown.exit_code.split(':')
  return signal === '0' ? `ended with exit code ${code}` : `was ended by signal ${signal}`
}

/** This process ends now, so nobody else would cancel the job, and nobody hears whether Slurm answers. */
function cancelAtOnce(slurm_job_id: string): void {
  spawnSync(SCANCEL, [slurm_job_id], { stdio: 'ignore', timeout: CANCELLING })
}
