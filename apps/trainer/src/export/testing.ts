import {
  checkpointsOf,
  jobDetail,
  jobLogs,
  jobStatus,
  policyHistory,
  readSeries,
  seriesNames,
  currentFiles,
} from '@bestmark/db'
import type { TestDatabase } from '@bestmark/db/testing'

/** All that a board tells of a job, but for what says when and by whom it was written. */
export async function storedJob(db: TestDatabase, job_id: string) {
  const names = await seriesNames(db, job_id)
  const asked = { names: names.map(({ name }) => name), points: 1e6 }
  const job = await jobDetail(db, job_id)
  const list = await checkpointsOf(db, job_id)
  if (!job || !list) throw new Error(`There is no job ${job_id}.`)
  const { attempts, ...detail } = job
  const { config, tags, loss_unit, save_steps, metric_directions, policy_options } = detail
  const rows = list.checkpoints.map(({ checked_at: _checked_at, ...row }) => row)
  const logs = (await jobLogs(db, job_id)).map(({ ordinal: _ordinal, ...line }) => line)
  return {
    ...{ status: await jobStatus(db, job_id, 0), attempts, rows, logs, names },
    ...{ config, tags, loss_unit, save_steps, metric_directions, policy_options },
    series: await readSeries(db, job_id, asked),
    policies: (await policyHistory(db, { job_id })).map(({ change_id: _id, ...row }) => row),
    selection: list.selection,
    explanation: list.explanation,
    files: (await currentFiles(db, job_id)).map(({ path, pinned, kind }) => [path, pinned, kind]),
  }
}

/** Columns that another board's row may have otherwise, and why; all others must be the same. */
const OF_THE_BOARD: Record<string, readonly string[]> = {
  training_jobs: [
    // Which machine holds the files, in which folder, and that they are known from an export.
    ...['host_id', 'folder_id', 'source'],
    // When this board heard of the job, and how often it wrote to it.
    ...['registered_at', 'changed_at', 'heard_at', 'cadence', 'revision', 'series_revision'],
    ...['board_revision'],
    ...['history_revision', 'checkpoints_revision', 'logs_revision', 'deployments_revision'],
  ],
  attempts: ['revision'],
  series_chunks: ['revision'],
  // An export goes attempt by attempt; within an attempt the order is the same.
  evaluations: ['revision', 'arrival'],
  // When this board looked at the files.
  checkpoints: ['revision', 'checked_at'],
  logs: ['revision'],
  // What was done there is elsewhere here; when its agent last spoke is of no use when it ended.
  deployments: ['revision', 'status', 'advanced_at'],
  // The board's own count of changes.
  policy_changes: ['change_id'],
}

/** All rows of a job, by table, without the columns that are of the board. */
export async function rowsOf(db: TestDatabase, job_id: string) {
  const tables = Object.entries(OF_THE_BOARD).map(async ([table, own]) => {
    const rows = await db.sql`select * from ${db.sql(table)} where job_id = ${job_id}`
    rows.sort((a, b) => a['attempt'] - b['attempt'] || a['arrival'] - b['arrival'] || 0)
    const shared = rows.map((row) => asText(row, own))
    return [table, table === 'evaluations' ? shared : shared.sort()] as const
  })
  return Object.fromEntries(await Promise.all(tables))
}

function asText(row: object, own: readonly string[]): string {
  const kept = Object.entries(row).filter(([column]) => !own.includes(column))
  const storedJob = (_key: string, value: unknown) => (Object.is(value, NaN) ? 'NaN' : value)
  return JSON.stringify(kept.sort(), storedJob)
}
