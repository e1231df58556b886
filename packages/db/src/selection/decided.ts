import {
  decisionOf,
  type Evaluation,
  explain,
  type Explanation,
  explanationTable,
  type RunContext,
  select,
  type Selection,
  stepKey,
  type TableRow,
} from '@bestmark/core'
import { eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import type { Tx } from '../rows/job.ts'
import { trainingJobs } from '../schema.ts'
import { type CheckpointMark, checkpointMarks } from './checkpointMarks.ts'
import { byRank } from './checkpointPage.ts'
import type { StoredCheckpoint } from '../rows/decidingCheckpoints.ts'
import { runContext } from './runContext.ts'
import { type DecidingRows, decidingRowsOf } from './selection.ts'

/** The rows of a job, the decision over them, and its explanation. */
export interface Decided extends Pick<DecidingRows, 'job' | 'checkpoints'> {
  context: RunContext
  /** What was measured at each attempt and step. */
  measured: ReadonlyMap<string, Evaluation['values']>
  /** The ranked and skipped checkpoints, by id. */
  table: ReadonlyMap<string | null, TableRow>
  selection: Selection
  explanation: Explanation
  /** The checkpoints by rank. */
  ranked: readonly StoredCheckpoint[]
  marks: CheckpointMark[]
}

/** This many decisions are kept for the next readers, such as those of the next pages. */
const KEPT = 4

const databases = new WeakMap<Database['sql'], Map<string, Decided>>()

/**
 * The decision of a job at the moment of the transaction; undefined if there is no such job. Each write
 * to a job raises its revision, so a decision is kept until then.
 */
export async function decided(
  { sql }: Database,
  tx: Tx,
  job_id: string,
): Promise<Decided | undefined> {
  const [job] = await tx.select().from(trainingJobs).where(eq(trainingJobs.job_id, job_id))
  if (!job) return undefined
  const kept = databases.get(sql) ?? new Map<string, Decided>()
  databases.set(sql, kept)
  const found = kept.get(job_id)
  if (found?.job.revision === job.revision) return found
  const made = await decide(tx, await decidingRowsOf(tx, job))
  kept.delete(job_id)
  kept.set(job_id, made)
  const [oldest] = kept.keys()
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
  return made
}

async function decide(tx: Tx, rows: DecidingRows): Promise<Decided> {
  const context = await runContext(tx, rows)
  const { job, checkpoints, input } = rows
  const decision = decisionOf(input)
  const selection = select(input, decision)
  const explanation = explain(input, context, selection, decision)
  const measured = new Map(input.evaluations.map((one) => [stepKey(one), one.values]))
  const table = new Map(explanationTable(selection).map((row) => [row.checkpoint_id, row]))
  const ranked = byRank(checkpoints, selection)
  const marks = checkpointMarks({ checkpoints, selection })
  return { job, checkpoints, context, measured, table, selection, explanation, ranked, marks }
}
