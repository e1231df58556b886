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
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { Board } from '../board/board.ts'
import { writeExport } from './exportFile.ts'
import { exportHeader } from './exportHeader.ts'

/** All that a board stores about a job, except when and by whom it was written. */
export async function storedJob(db: TestDatabase, job_id: string) {
  const names = await seriesNames(db, job_id)
  const all = { names: names.map(({ name }) => name), points: 1e6 }
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
    series: await readSeries(db, job_id, all),
    policies: (await policyHistory(db, { job_id })).map(({ change_id: _id, ...row }) => row),
    selection: list.selection,
    explanation: list.explanation,
    files: (await currentFiles(db, job_id)).map(({ path, pinned, kind }) => [path, pinned, kind]),
  }
}

/** Columns that may differ on another board. All other columns must be the same. */
const BOARD_COLUMNS: Record<string, readonly string[]> = {
  training_jobs: [
    // Which machine has the files, in which folder, and that the job is an export.
    ...['host_id', 'folder_id', 'source'],
    // When the board received the job, and how often it wrote to it.
    ...['registered_at', 'changed_at', 'last_logged_at', 'cadence', 'revision', 'series_revision'],
    ...['board_revision'],
    ...['history_revision', 'checkpoints_revision', 'logs_revision', 'samples_revision'],
    'deployments_revision',
  ],
  attempts: ['revision'],
  series_pieces: ['revision', 'is_open'],
  // An export is sorted by attempt. The order within an attempt is the same.
  evaluations: ['revision', 'arrival'],
  // When the board checked the files.
  checkpoints: ['revision', 'checked_at'],
  logs: ['revision'],
  samples: ['revision'],
  sample_contents: [],
  // A finished shipment of the other board has status "elsewhere" here.
  deployments: ['revision', 'status', 'advanced_at'],
  // The board's count of changes.
  policy_changes: ['change_id'],
}

/** All rows of a job by table, without the columns of the board. */
export async function rowsOf(db: TestDatabase, job_id: string) {
  const tables = Object.entries(BOARD_COLUMNS).map(async ([table, omitted]) => {
    const rows = await db.sql`select * from ${db.sql(table)} where job_id = ${job_id}`
    rows.sort((a, b) => a['attempt'] - b['attempt'] || a['arrival'] - b['arrival'] || 0)
    const shared = rows.map((row) => asText(row, omitted))
    return [table, table === 'evaluations' ? shared : shared.sort()] as const
  })
  return Object.fromEntries(await Promise.all(tables))
}

function asText(row: object, omitted: readonly string[]): string {
  const kept = Object.entries(row).filter(([column]) => !omitted.includes(column))
  const withNaN = (_key: string, value: unknown) => (Object.is(value, NaN) ? 'NaN' : value)
  return JSON.stringify(kept.sort(), withNaN)
}

/** A board over a test database; nothing is closed with it. */
export function boardOf(db: TestDatabase, home: string): Board {
  return { db, home, host_id: randomUUID(), host: 'here', [Symbol.asyncDispose]: async () => {} }
}

/** Exports a job to a file, and reads its header. */
export async function fileOf(board: Board, job_id: string, path: string) {
  const lines: string[] = []
  await writeExport(board, job_id, async (line) => void lines.push(line))
  await writeFile(path, lines.join(''))
  return { path, header: exportHeader(path)! }
}
