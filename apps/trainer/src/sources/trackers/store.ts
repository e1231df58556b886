import { relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TrainingEvent } from '@bestmark/core'
import { Failure, errorText } from '../../failure.ts'
import { mlflowRuns } from './mlflowStore.ts'
import type { StoredRun } from './storedRun.ts'
import { trackedEvents } from './trackedRun.ts'
import { trackioRuns } from './trackioStore.ts'

/** The runs in a SQLite store of MLflow or Trackio. Throws a Failure for any other file. */
export function storedRuns(path: string): StoredRun[] {
  try {
    using store = new Store(path)
    const tables = store.tables()
    if (tables.has('runs') && tables.has('experiments')) return mlflowRuns(store.database, path)
    if (tables.has('metrics') && tables.has('configs')) return trackioRuns(store.database, path)
  } catch (cause) {
    throw new Failure(`Cannot read runs from ${path}: ${errorText(cause)}`, { cause })
  }
  throw new Failure(
    `${path} is a SQLite file, but not from MLflow or Trackio. Only these two are supported.`,
  )
}

/** The events of a run in a store. */
export async function storedEvents(run: StoredRun, path: string): Promise<TrainingEvent[]> {
  const file = relative(run.root, path)
  const points = run.points.map((point) => ({ ...point, file }))
  return trackedEvents(run.root, { ...run, points, status: run.status ?? 'stopped' })
}

/** A store, opened read-only and closed on dispose. */
class Store {
  readonly database: DatabaseSync

  constructor(path: string) {
    this.database = new DatabaseSync(path, { readOnly: true })
  }

  tables(): Set<unknown> {
    const rows = this.database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
    return new Set(rows.map(({ name }) => name))
  }

  [Symbol.dispose](): void {
    this.database.close()
  }
}
