import { join } from 'node:path'
import { hasEnded, type EventOf } from '@bestmark/core'
import { jobStatus, recordFacts, type Database } from '@bestmark/db'
import { AGENT_OPTIONS } from './options.ts'
import { textOfFile } from '../files/runFile.ts'
import { lastAttempt } from '../journal/read.ts'
import { JOURNAL } from '../journal/header.ts'
import { askToStop, readRunProcess } from '../processes/mark.ts'
import { isAlive } from '../processes/alive.ts'
import type { ProcessEnd } from '../processes/spawn.ts'
import { pause } from '../pause.ts'
import { followJournal } from '../recording/journal.ts'
import type { RecordedRun } from '../recording/recordedRun.ts'
import { statusesOf } from '../recording/statuses.ts'
import { TAKEN } from '../processes/runClaim.ts'
import type { StartedRun } from './startRun.ts'

/** How often a process is looked at that this one did not start (ms). */
const LOOK_AGAIN = 500

/** A run to record; what is known of its process where this one started it. */
export type SupervisedRun = RecordedRun &
  Partial<Pick<StartedRun, 'pid' | 'attempt' | 'exited'>> & {
    /** Another program writes the journal, and nothing tells which process it is. */
    isForeign?: boolean
    /** How long its process may take to say which it is (ms). */
    starting?: number
  }

/**
 * Records a run until its process has ended and the journal is empty, passes on a request to stop,
 * and says how the run ended where it could not itself: `failed` with the reason when this process
 * saw its child end, `lost` when it adopted a run whose process is gone. A run whose process nobody
 * knows is followed until it says that it ended or was given up for its silence. When the signal aborts,
 * what is in the journal is recorded and the run left to the next agent. Throws OtherRunError where its
 * folder holds another run.
 */
export async function supervise(
  db: Database,
  run: SupervisedRun,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): Promise<void> {
  const over = new AbortController()
  const until = AbortSignal.any([signal, over.signal])
  const following = followJournal(db, run, until, onTrouble)
  const stopping = passOnStop(db, run, until, onTrouble)
  try {
    const ended: Promise<ProcessEnd | 'gone' | undefined> = run.exited
      ? Promise.race([run.exited, aborted(signal)])
      : run.isForeign
        ? wordsOver(db, run, until)
        : processGone(run, until)
    // Whoever follows ends before the run only by an error, such as another run in its folder.
    const end = await Promise.race([ended, following.then(() => ended)])
    over.abort()
    await following
    if (end && !signal.aborted) await recordEnd(db, run, end)
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
  const status = statusOf(end)
  const error = end === 'gone' || status === 'stopped' ? null : await whyEnded(run.folder, end)
  const event: EventOf<'ended'> = { type: 'ended', attempt, at: Date.now(), status, error }
  await recordFacts(db, run.job_id, [event])
}

/** A child that found its run in another's hands has nothing to say of how that run ends. */
function isTrainedByAnother({ folder, pid }: SupervisedRun, end: ProcessEnd | 'gone'): boolean {
  if (end !== 'gone' && end.code === TAKEN) return true
  const process = readRunProcess(folder)
  return process !== undefined && process.pid !== pid && isAlive(process)
}

/** A process that was asked to stop before it could write its journal was stopped all the same. */
function statusOf(end: ProcessEnd | 'gone'): 'lost' | 'stopped' | 'failed' {
  if (end === 'gone') return 'lost'
  return end.signal === 'SIGTERM' ? 'stopped' : 'failed'
}

/** One sentence on how a process ended that did not say so itself, with the last thing it printed. */
async function whyEnded(folder: string, { code, signal }: ProcessEnd): Promise<string> {
  const how = signal ? `was killed by ${signal}` : `ended with exit code ${code}`
  const output = await textOfFile(join(folder, 'output.log')).catch(() => '')
  const last = output.trimEnd().split('\n').at(-1)
  return `The training process ${how}${last ? `; it last printed: ${last.slice(0, 500)}` : ''}`
}

/** Of a run without a known process: until it said that it ended, or was silent for too long. */
async function wordsOver(db: Database, run: RecordedRun, signal: AbortSignal): Promise<undefined> {
  const since = performance.now()
  while (!signal.aborted) {
    const status = (await statusesOf(db).of(run.job_id, since))?.status
    if (!status || status === 'lost' || hasEnded(status)) return
    await pause(LOOK_AGAIN, signal)
  }
}

async function processGone(
  { folder, starting = AGENT_OPTIONS.pace.starting }: SupervisedRun,
  signal: AbortSignal,
): Promise<'gone' | undefined> {
  const since = Date.now()
  while (!signal.aborted) {
    const process = readRunProcess(folder)
    const maySpeak = process ? isAlive(process) : Date.now() - since < starting
    if (!maySpeak) return 'gone'
    await pause(LOOK_AGAIN, signal)
  }
  return undefined
}

/** Passes a request to stop on to the run's process, which then writes a last checkpoint. */
async function passOnStop(
  db: Database,
  run: RecordedRun,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const job = await statusesOf(db).of(run.job_id, 0)
      const process = job?.status === 'stopping' ? readRunProcess(run.folder) : undefined
      if (process && askToStop(process)) return
    } catch (error) {
      onTrouble(error)
    }
    await pause(LOOK_AGAIN, signal)
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
