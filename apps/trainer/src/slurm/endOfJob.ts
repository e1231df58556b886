import type { EndCause, EndCode, SlurmJob } from '@bestmark/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { lastOutput } from '../sources/output/failureText.ts'
import { accountedCause } from './accountedCause.ts'
import { type ShownJob, shownJob } from './shownJob.ts'
import { BY_STATE, phaseOf } from './states.ts'

/** A start of a job. */
type JobStart = Pick<SlurmJob, 'job_id' | 'restart_count'>

/** How long Slurm may take to say how a job ended whose processes have ended (ms). */
const PATIENCE = 30_000
/** How often Slurm is asked meanwhile (ms). */
const AGAIN = 1_000

/** The reasons that Slurm has while it still ends a job. */
const BY_REASON = new Map<string, EndCode>([
  ['TimeLimit', 'time_limit'],
  ['DeadLine', 'deadline'],
])

/** The words of slurmstepd in the stderr of a job, before it sends a signal. */
const BY_WORDS = new Map<string, EndCode>([
  ['TIME LIMIT', 'time_limit'],
  ['PREEMPTION', 'preempted'],
  ['NODE FAILURE', 'node_failed'],
  ['JOB REQUEUE', 'requeued'],
])

/**
 * Why Slurm ends the job of a program that has just ended. Undefined if the program ended by itself.
 * Called in the job, which lives at least as long as the caller.
 */
export async function causeWithin(job: SlurmJob): Promise<EndCause | undefined> {
  const shown = await shownJob(job.job_id)
  if (!shown) return undefined
  return causeOf(shown, job, lastOutput(shown.stderr)) ?? inferredWithin(shown)
}

/** A job that completes around its program is being ended, although Slurm does not say why. */
function inferredWithin({ state }: ShownJob): EndCause | undefined {
  if (state !== 'COMPLETING') return undefined
  return { code: 'cancelled', by: null, is_inferred: true }
}

/**
 * Why Slurm ended a job whose processes have ended; undefined if it did not, or does not say it. Waits
 * until the job has ended for Slurm, too.
 */
export async function causeAfter(job: JobStart): Promise<EndCause | undefined> {
  const began = performance.now()
  for (;;) {
    const shown = await shownJob(job.job_id)
    if (!shown) return accountedCause(job)
    const cause = causeOf(shown, job, lastOutput(shown.stderr))
    if (cause) return cause.code === 'cancelled' ? ((await accountedCause(job)) ?? cause) : cause
    if (phaseOf(shown.state) !== 'lives' || performance.now() - began > PATIENCE) return undefined
    await sleep(AGAIN)
  }
}

/**
 * Why Slurm ended a job, from its state and the end of its stderr. An earlier start of the job may
 * have written to the same file.
 */
export function causeOf(
  shown: ShownJob,
  { job_id, restart_count }: JobStart,
  stderr: string,
): EndCause | undefined {
  const isAgain = shown.restarts > restart_count
  const said = saidIn(stderr, job_id, isAgain ? '' : shown.started_at)
  const code = isAgain ? codeOfRestart(said) : codeOfEnd(shown, said)
  return code && { code, by: null, is_inferred: false }
}

/** A job is cancelled for its next start, for the reason that was written. */
function codeOfRestart(said: EndCode | undefined): EndCode {
  return said === undefined || said === 'cancelled' ? 'requeued' : said
}

function codeOfEnd({ state, reason }: ShownJob, said: EndCode | undefined): EndCode | undefined {
  if (state === 'RUNNING' || state === 'COMPLETED') return undefined
  if (said === 'out_of_memory') return said
  if (state !== 'COMPLETING') return BY_STATE.get(state)
  return BY_REASON.get(reason) ?? said
}

/** What slurmstepd wrote last about a job, not before a time. */
function saidIn(stderr: string, job_id: string, since: string): EndCode | undefined {
  const line = new RegExp(
    `\\*\\*\\* JOB ${job_id} ON \\S+ CANCELLED AT ([\\dT:-]+)(?: DUE TO ([A-Z ]+))?`,
    'g',
  )
  const last = [...stderr.matchAll(line)].at(-1)
  if (last && (last[1] ?? '') < since) return undefined
  const ofStep = new RegExp(`StepId=${job_id}\\.\\S+ exceeded memory limit|oom_kill event`)
  if (ofStep.test(stderr)) return 'out_of_memory'
  if (!last) return undefined
  return BY_WORDS.get(last[2]?.trim() ?? '') ?? 'cancelled'
}
