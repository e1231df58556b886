import { and, eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { recordFacts } from '../record/record.ts'
import { logs } from '../schema.ts'
import { archiveJobs } from './changeJobs.ts'

/**
 * Archives a job whose folder is read as a part of another run, and says so in its log. This happens
 * once: a job that a user takes back stays. All that was recorded stays too. Returns whether it was archived.
 */
export async function archivePartJob(
  db: Database,
  { job_id, attempt }: { job_id: string; attempt: number },
  text: string,
): Promise<boolean> {
  const code = 'part_of_run'
  const isNoted = and(eq(logs.job_id, job_id), eq(logs.code, code))
  if ((await db.orm.$count(logs, isNoted)) > 0) return false
  const line = {
    type: 'log',
    attempt,
    at: Date.now(),
    step: null,
    level: 'info',
    text,
    code,
  } as const
  await recordFacts(db, job_id, [line])
  return (await archiveJobs(db, [job_id], true)) > 0
}
