import type { EventOf } from '@bestmark/core'
import { asc, eq } from 'drizzle-orm'
import type { Tx } from '../rows/job.ts'
import { scanLogs } from '../logs/logScan.ts'
import { checkpoints } from '../schema.ts'

/** Every checkpoint of a job, in order of attempt, then of arrival. */
export async function checkpointEvents(tx: Tx, job_id: string): Promise<EventOf<'checkpoint'>[]> {
  const { attempt, arrival } = checkpoints
  const rows = await tx
    .select()
    .from(checkpoints)
    .where(eq(checkpoints.job_id, job_id))
    .orderBy(asc(attempt), asc(arrival))
  return rows.map((row) => {
    const { attempt, step, path, epoch, saved_at: at, role } = row
    const { files_state, files_why, files_fault } = row
    const { bytes, checked_at, kind, base, signature, digest, serving } = row
    const checkpoint = { type: 'checkpoint', attempt, step, path, epoch, at, role } as const
    return {
      ...checkpoint,
      ...{ files_state, files_why, ...(files_fault && { files_fault }) },
      ...{ bytes, checked_at, kind, base, signature, digest },
      ...(serving && { serving }),
    }
  })
}

/** The stored log lines of a job, oldest first. */
export async function* logEvents(tx: Tx, job_id: string): AsyncGenerator<EventOf<'log'>> {
  for await (const lines of scanLogs(tx, job_id, { order: 'oldest' })) {
    for (const { ordinal: _ordinal, ...line } of lines) yield { type: 'log', ...line }
  }
}
