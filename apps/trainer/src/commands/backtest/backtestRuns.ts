import {
  mayBeWhole,
  contextOf,
  rowsFrom,
  type BacktestRun,
  type SkippedRun,
  type RunRows,
} from '@bestmark/core'
import { Failure, errorText, systemCode } from '../../failure.ts'
import { BusyLine } from '../../cli/busyLine.ts'
import { readerWarnings } from '../../sources/events/newEvents.ts'
import { readRun } from '../../sources/readRun.ts'
import { findRuns, type BacktestPath } from './backtestPaths.ts'
import { groupOf } from './group.ts'

/** The runs below some paths, and those that could not be read. */
export interface ReadRuns {
  runs: BacktestRun[]
  unreadable: SkippedRun[]
}

interface ReadOptions {
  pattern: RegExp | undefined
  /** With at least this many complete and evaluated checkpoints, only these are candidates. */
  at_least: number
}

/** Reads every run at or below the paths, one after another, and shows the progress. */
export async function readRuns(paths: readonly string[], options: ReadOptions): Promise<ReadRuns> {
  const runs = new Map<string, BacktestRun>()
  const unreadable: SkippedRun[] = []
  const skip = (name: string, group: string, why: string): void => {
    unreadable.push({ name, group, code: 'unreadable', why })
  }
  using busyLine = new BusyLine()
  for (const path of paths) {
    for await (const found of findRuns(path, (folder, why) => skip(folder, path, why))) {
      if (runs.has(found.path)) continue
      busyLine.show(`runs read: ${runs.size + unreadable.length}, now ${found.name}`)
      const group = groupOf(found, options.pattern)
      const name = paths.length > 1 ? found.path : found.name
      try {
        runs.set(found.path, { name, group, ...(await rowsOf(found, options)) })
      } catch (error) {
        // The other runs count even if one file cannot be read.
        if (!(error instanceof Failure) && systemCode(error) === undefined) throw error
        skip(name, group, errorText(error))
      }
    }
  }
  return { runs: [...runs.values()], unreadable }
}

async function rowsOf(
  { path }: BacktestPath,
  { at_least }: ReadOptions,
): Promise<Pick<BacktestRun, 'rows' | 'context' | 'among'>> {
  const { events } = await readRun(path)
  const rows = rowsFrom(events)
  const [skipped] = readerWarnings(events)
  // A run that was not read must not count as a run without evaluations.
  if (rows.evaluations.length === 0 && skipped !== undefined) throw new Failure(skipped)
  const among = evaluatedFiles(rows) >= at_least ? 'checkpoints' : 'evaluations'
  return { rows, context: contextOf(events), among }
}

/** The number of complete checkpoints that were evaluated. Most runs keep too few for a choice. */
function evaluatedFiles({ checkpoints, evaluations }: RunRows): number {
  const evaluated = new Set(evaluations.map(({ attempt, step }) => `${attempt}:${step}`))
  return checkpoints.filter(
    ({ attempt, step, files_state }) =>
      mayBeWhole(files_state) && evaluated.has(`${attempt}:${step}`),
  ).length
}
