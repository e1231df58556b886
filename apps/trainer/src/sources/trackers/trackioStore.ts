import { basename } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { ownValue, parsePythonJson, readMeasured } from '@bestmark/core'
import { z } from 'zod'
import { jsonObject } from '../../files/json.ts'
import { findRoot, type StoredRun } from './storedRun.ts'
import type { Point } from './trackedRun.ts'

/** JSON, stored as text or as bytes. */
const Json = z.union([z.string(), z.instanceof(Uint8Array)]).transform((logged) => {
  return typeof logged === 'string' ? logged : Buffer.from(logged).toString('utf8')
})
const Row = z.object({ timestamp: z.string(), run: z.string(), step: z.number(), metrics: Json })
const Config = z.object({ config: Json })

/** The runs in a Trackio store. A file is one project. */
export function trackioRuns(database: DatabaseSync, path: string): StoredRun[] {
  const project = basename(path).replace(/\.\w+$/, '')
  const rows = database
    .prepare('SELECT timestamp, run_name AS run, step, metrics FROM metrics ORDER BY id')
    .all()
    .map((row) => Row.parse(row))
  return [...Map.groupBy(rows, ({ run }) => run)].map(([name, runRows]) => {
    const [first, last] = [runRows[0], runRows.at(-1)]
    return {
      source: 'trackio',
      id: `${project}/${name}`,
      name,
      project,
      root: findRoot(path, '', `${project}/${name}`),
      config: configOf(database, name),
      started_at: timeOf(first?.timestamp),
      ended_at: timeOf(last?.timestamp),
      status: null,
      points: runRows.flatMap(pointsOf),
    }
  })
}

function configOf(database: DatabaseSync, run: string): Record<string, unknown> {
  const row = database.prepare('SELECT config FROM configs WHERE run_name = ?').get(run)
  const config = row === undefined ? {} : (jsonObject(Config.parse(row).config) ?? {})
  // Trackio's internal names begin with an underscore.
  return Object.fromEntries(Object.entries(config).filter(([name]) => !name.startsWith('_')))
}

function pointsOf({ timestamp, step: count, metrics }: z.infer<typeof Row>): Point[] {
  const values = metricsIn(metrics)
  const named = ownValue(values, 'train/global_step') ?? ownValue(values, 'global_step')
  const step = typeof named === 'number' && Number.isSafeInteger(named) ? named : count
  const epoch = ownValue(values, 'train/epoch') ?? ownValue(values, 'epoch')
  return Object.entries(values).flatMap(([name, logged]): Point[] => {
    const value = readMeasured(logged)
    if (value === undefined || value === null || /(^|\/)(global_step|epoch)$/.test(name)) return []
    const point = { epoch: typeof epoch === 'number' ? epoch : null, at: timeOf(timestamp) }
    return [{ step, ...point, name, value, file: '', line: null }]
  })
}

function metricsIn(text: string): Record<string, unknown> {
  const logged: unknown = parsePythonJson(text)
  return typeof logged === 'object' && logged !== null ? (logged as Record<string, unknown>) : {}
}

function timeOf(text: string | undefined): number | null {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : time
}
