import { hasEnded } from '@bestmark/core'
import { endUnseenJob, jobDetail, jobStatus, recordFacts, type Database } from '@bestmark/db'
import { statIfSeen } from '../files/runFile.ts'
import { causeAfter } from '../slurm/endOfJob.ts'
import { endedEvent } from '../sources/events/newEvents.ts'
import { causedEnd } from './causedEnd.ts'
import { noNewLines } from './silentRuns.ts'

/**
 * Records the end of a run whose process has ended on this machine, and whose log does not say how.
 * Slurm may say it. Otherwise it has failed if its output ends with an `error`, and has stopped otherwise.
 * It is lost only if its folder cannot be reached.
 */
export async function recordUnseenEnd(
  db: Database,
  { job_id, folder }: { job_id: string; folder: string },
  error?: string,
): Promise<void> {
  const job = await jobStatus(db, job_id)
  if (!job || hasEnded(job.status)) return
  const { attempt = 0 } = (await jobDetail(db, job_id)) ?? {}
  const end = (...how: ['stopped' | 'failed' | 'lost', string?]) =>
    recordFacts(db, job_id, [endedEvent(attempt, ...how)])
  // Slurm says nothing of a job that goes on after the run.
  const isAsked = job.status === 'stopping'
  const isOver = !isAsked || job.slurm?.is_whole_job
  const cause = job.slurm && isOver && (await causeAfter(job.slurm))
  if (cause) return void (await recordFacts(db, job_id, [causedEnd(attempt, cause)]))
  if (isAsked) return void (await end('stopped'))
  if (statIfSeen(folder) === undefined) return void (await end('lost'))
  if (error !== undefined) return void (await end('failed', error.slice(0, 500)))
  await endUnseenJob(db, job_id, (last_line_at) => {
    return `Its process has ended, and its log does not say how. ${noNewLines(last_line_at)}`
  })
}
