import { audienceOf, type Batch, type Database, record, type Recorded } from '@bestmark/db'

/**
 * Records what was read from a run's files after `last`, the last write of the same recorder. While
 * nobody follows the job, it does not wait for the disk of the server, since the files have the points.
 */
export async function recordFromFiles(
  db: Database,
  job_id: string,
  batch: Batch,
  last: Recorded['last'],
): Promise<Recorded> {
  const relaxed = !audienceOf(db).isFollowed(job_id)
  return record(db, job_id, { ...batch, relaxed, after: last })
}
