import { join } from 'node:path'
import { hasEnded, type EventOf, JOURNAL } from '@bestmark/core'
import { jobStatus, recordFacts, type Database } from '@bestmark/db'
import { AGENT_OPTIONS } from './options.ts'
import { lastAttempt } from '../journal/read.ts'
import { askToStop, readRunProcess } from '../processes/mark.ts'
import { hasProcess, isAlive, isGone } from '../processes/alive.ts'
import type { ProcessEnd } from '../processes/spawn.ts'
import { pause } from '../pause.ts'
import { followJournal } from '../recording/journal.ts'
import type { RecordedRun } from '../recording/recordedRun.ts'
import { isInUse } from '../recording/silentRuns.ts'
import { statusesOf } from '../recording/statuses.ts'
import { recordUnseenEnd } from '../recording/unseenEnd.ts'
import { failureTextIn, lastOutput } from '../sources/output/failureText.ts'
import { TAKEN } from '../processes/runClaim.ts'
import { SlurmStop } from './slurmStop.ts'
import type { StartedRun } from './startRun.ts'

/** The file with the output of a recipe's process. */
const OUTPUT = 'output.log'

/** How often a status is looked at of which news are heard, and the mark of a process (ms). */
const LOOK = 5_000

/** How often a process is checked that this process did not start (ms). */
const POLL_EVERY = 500

/** A run to record, with its process if this process started it. */
export type SupervisedRun = RecordedRun &
  Partial<Pick<StartedRun, 'pid' | 'attempt' | 'exited'>> & {
    /** Another program writes the journal, and its process is unknown. */
    isForeign?: boolean
    /** How long its process may take to write its mark (ms). */
    starting?: number
  }

/**
 * Records a run until its process has ended and the whole journal is recorded. Passes on a stop
 * request. If the run did not write how it ended, records that: from the exit code if this process
 * saw its child end, else that no new lines follow. A run with an unknown process is followed until it
 * ends or is silent for too long. When the signal aborts, the journal so far is recorded, and the next
 * agent takes over. Throws OtherRunError if the folder holds another run.
 */
export async function supervise(
  db: Database,
  run: SupervisedRun,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  const over = new AbortController()
  const until = AbortSignal.any([signal, over.signal])
  const following = followJournal(db, run, until, onError)
  const slurm = run.isForeign ? new SlurmStop(db, run) : undefined
  const stopping = passOnStopRequest(db, run, { slurm, signal: until, onError })
  try {
    const ended: Promise<ProcessEnd | 'gone' | undefined> = run.exited
      ? Promise.race([run.exited, aborted(signal)])
      : run.isForeign
        ? Promise.race([untilEnded(db, run, until), ...(slurm ? [slurm.ended] : [])])
        : untilProcessGone(run, until)
    // Following ends before the run only by an error, such as another run in its folder.
    const end = await Promise.race([ended, following.then(() => ended)])
    over.abort()
    await following
    if (end && !signal.aborted) await recordEnd(db, run, end)
    await stopping
    if (!signal.aborted) await slurm?.withdraw()
  } finally {
    over.abort()
    await Promise.allSettled([following, stopping])
  }
}

async function recordEnd(
  db: Database,
  run: SupervisedRun,
  end: ProcessEnd | 'gone',
): Promise<void> {
  if (isTrainedByAnother(run, end)) return
  const job = await jobStatus(db, run.job_id)
  const last = lastAttempt(join(run.folder, JOURNAL)) ?? 0
  const attempt = run.attempt ?? last
  if (!job || (hasEnded(job.status) && attempt <= last)) return
  if (end === 'gone') return recordUnseenEnd(db, run)
  // SIGTERM means stopped, even if the process could not write that into its journal.
  const status = end.signal === 'SIGTERM' ? 'stopped' : 'failed'
  const error = status === 'stopped' ? null : describeEnd(run.folder, end)
  const event: EventOf<'ended'> = { type: 'ended', attempt, at: Date.now(), status, error }
  await recordFacts(db, run.job_id, [event])
}

/** Whether another process trains the run, so that this child's end is not the run's end. */
function isTrainedByAnother({ folder, pid }: SupervisedRun, end: ProcessEnd | 'gone'): boolean {
  if (end !== 'gone' && end.code === TAKEN) return true
  const process = readRunProcess(folder)
  return process !== undefined && process.pid !== pid && isAlive(process)
}

/** How a process ended that did not write its end, with its error or the last line that it printed. */
function describeEnd(folder: string, { code, signal }: ProcessEnd): string {
  const how = signal ? `was killed by ${signal}` : `ended with exit code ${code}`
  const last = failureTextIn(lastOutput(join(folder, OUTPUT)))
  return `The training process ${how}${last ? `; last output: ${last.slice(0, 500)}` : ''}`
}

/** Waits until a run with an unknown process has ended or is lost. */
async function untilEnded(db: Database, run: RecordedRun, signal: AbortSignal): Promise<undefined> {
  const since = performance.now()
  while (!signal.aborted) {
    const status = (await statusesOf(db).of(run.job_id, since))?.status
    if (!status || status === 'lost' || hasEnded(status)) return
    await pause(POLL_EVERY, signal)
  }
}

/**
 * Waits until the run's process is gone. Its mark is read only now and then, because reading files for
 * each of many runs twice a second costs more than recording them.
 */
async function untilProcessGone(
  { folder, starting = AGENT_OPTIONS.pace.starting }: SupervisedRun,
  signal: AbortSignal,
): Promise<'gone' | undefined> {
  const since = Date.now()
  let seen: { pid: number; at: number } | undefined
  while (!signal.aborted) {
    const isSeen = seen && performance.now() - seen.at < LOOK && hasProcess(seen.pid)
    if (!isSeen) {
      const process = readRunProcess(folder)
      const mayWrite = process ? !isGone(process) : Date.now() - since < starting
      if (!mayWrite && !isInUse(folder)) return 'gone'
      seen = process && mayWrite ? { pid: process.pid, at: performance.now() } : undefined
    }
    await pause(POLL_EVERY, signal)
  }
  return undefined
}

/** Who else can stop a run, and until when requests are passed on. */
interface StopWays {
  slurm: SlurmStop | undefined
  signal: AbortSignal
  onError: (error: unknown) => void
}

/** Passes a stop request on to the run's process, which then writes a last checkpoint, or to Slurm. */
async function passOnStopRequest(
  db: Database,
  run: RecordedRun,
  { slurm, signal, onError }: StopWays,
): Promise<void> {
  const statuses = statusesOf(db)
  while (!signal.aborted) {
    const news = new AbortController()
    using _news = statuses.onNews(run.job_id, () => news.abort())
    let isAsked = false
    try {
      const job = await statuses.of(run.job_id, 0)
      isAsked = job?.status === 'stopping'
      const process = isAsked ? readRunProcess(run.folder) : undefined
      if (process && askToStop(process)) return
      if (job) await slurm?.look(job)
    } catch (error) {
      onError(error)
    }
    await pause(isAsked ? POLL_EVERY : LOOK, AbortSignal.any([signal, news.signal]))
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
