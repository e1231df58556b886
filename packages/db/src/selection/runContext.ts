import { isActive, isSystem, type RunContext } from '@bestmark/core'
import { and, asc, eq } from 'drizzle-orm'
import { configOf, type Tx } from '../rows/job.ts'
import { seriesPieces } from '../schema.ts'
import type { DecidingRows } from './selection.ts'
import { trainLossOf } from '../series/trainLoss.ts'

/** What the explanation of a job's choice needs beside the rows that decide. */
export async function runContext(tx: Tx, rows: DecidingRows): Promise<RunContext> {
  const { job, evaluations, checkpoints, input } = rows
  const { job_id, loss_unit, loss_scale, save_steps, current_epoch, status, project } = job
  return {
    config: configOf(job),
    ...{ loss_unit, loss_scale, save_steps, current_epoch, project },
    trainLoss: input.trainLoss ?? (await trainLossOf(tx, job_id, [...evaluations, ...checkpoints])),
    logged: await loggedNames(tx, job_id),
    alive: isActive(status),
  }
}

/** The names of the series that a job logged while training. */
async function loggedNames(tx: Tx, job_id: string): Promise<string[]> {
  const { name, ordinal } = seriesPieces
  const rows = await tx
    .selectDistinct({ name })
    .from(seriesPieces)
    // Each attempt's series begins with this chunk.
    .where(and(eq(seriesPieces.job_id, job_id), eq(ordinal, 0)))
    .orderBy(asc(name))
  return rows.map((row) => row.name).filter((one) => !isSystem(one))
}
