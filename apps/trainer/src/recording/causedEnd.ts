import { type EndCause, endCauseText, type EventOf, isFailure } from '@bestmark/core'
import { type Database, jobDetail, jobStatus, recordFacts } from '@bestmark/db'
import { causeAfter } from '../slurm/endOfJob.ts'
import { endedEvent } from '../sources/events/newEvents.ts'

/** How an attempt ended that something beside its program ended. */
export function causedEnd(attempt: number, cause: EndCause): EventOf<'ended'> {
  const [status, error] = isFailure(cause)
    ? (['failed', endCauseText(cause)] as const)
    : (['stopped', null] as const)
  return { ...endedEvent(attempt, status, error), at: Date.now(), cause }
}

/** Records why Slurm ended a run whose Slurm job has ended; returns whether Slurm says it. */
export async function recordCause(db: Database, job_id: string): Promise<boolean> {
  const job = await jobStatus(db, job_id)
  const cause = job?.slurm && (await causeAfter(job.slurm))
  if (!cause) return false
  const { attempt = 0 } = (await jobDetail(db, job_id)) ?? {}
  await recordFacts(db, job_id, [causedEnd(attempt, cause)])
  return true
}
