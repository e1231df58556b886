import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { findRoot, type StoredRun } from './storedRun.ts'
import type { Point } from './trackedRun.ts'

const Run = z.object({
  run_uuid: z.string(),
  name: z.string().nullable(),
  status: z.string().nullable(),
  start_time: z.number().nullable(),
  end_time: z.number().nullable(),
  artifact_uri: z.string().nullable(),
  experiment_id: z.number(),
  project: z.string(),
})
const Metric = z.object({
  key: z.string(),
  value: z.number().nullable(),
  timestamp: z.number(),
  step: z.number(),
  is_nan: z.number(),
})
const Param = z.object({ key: z.string(), value: z.string().nullable() })

const RUNS = `SELECT run_uuid, r.name AS name, status, start_time, end_time, artifact_uri, r.experiment_id AS experiment_id, e.name AS project
  FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
  WHERE r.lifecycle_stage = 'active' ORDER BY start_time, run_uuid`
const METRICS = `SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ? ORDER BY step, timestamp`
const PARAMS = `SELECT key, value FROM params WHERE run_uuid = ? ORDER BY key`

/** MLflow stores an infinity as the largest double. */
const LARGEST = 1.7976931348623157e308

/** The runs in an MLflow store, without deleted ones. */
export function mlflowRuns(database: DatabaseSync, path: string): StoredRun[] {
  return database
    .prepare(RUNS)
    .all()
    .map((row) => {
      const run = Run.parse(row)
      const { run_uuid, name, project, status, start_time, end_time } = run
      const params = database
        .prepare(PARAMS)
        .all(run_uuid)
        .map((one) => Param.parse(one))
      return {
        source: 'mlflow',
        id: run_uuid,
        name: name ?? run_uuid,
        project,
        root: findRoot(path, folderOf(run.artifact_uri), `mlruns/${run.experiment_id}/${run_uuid}`),
        config: Object.fromEntries(params.map(({ key, value }) => [key, value])),
        started_at: start_time,
        ended_at: end_time,
        status: statusOf(status),
        points: database.prepare(METRICS).all(run_uuid).map(pointOf),
      }
    })
}

function pointOf(row: unknown): Point {
  const { key, value, timestamp, step, is_nan } = Metric.parse(row)
  const isInfinite = Math.abs(value ?? 0) >= LARGEST
  const number =
    is_nan === 1 || value === null ? NaN : isInfinite ? Math.sign(value) * Infinity : value
  return { step, epoch: null, at: timestamp, name: key, value: number, file: '', line: null }
}

/** The run's folder on this machine, above its artifacts; empty if they are on a server. */
function folderOf(uri: string | null): string {
  if (uri === null) return ''
  const path = uri.startsWith('file:') ? fileURLToPath(uri) : uri
  return path.startsWith('/') ? dirname(path) : ''
}

function statusOf(status: string | null): StoredRun['status'] {
  if (status === 'FINISHED') return 'completed'
  if (status === 'FAILED') return 'failed'
  return status === 'KILLED' ? 'stopped' : null
}
