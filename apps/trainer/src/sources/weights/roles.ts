import { basename } from 'node:path'
import { findBestRow } from './bestRow.ts'
import type { Candidate } from './candidate.ts'
import type { Axis } from './axis.ts'
import { isBestOfMember } from './ensemble.ts'
import { metricInName } from './inferredMetric.ts'
import type { LogHistory, Row } from './logHistory.ts'
import { directionAt } from './recordedBest.ts'

/** A possible step of weights without a number, and the evidence for it. */
interface RoleSign {
  step: number
  /** The evidence, as part of a sentence. */
  by: string
}

interface Log {
  history: LogHistory
  axis: Axis
}

/** A file and a log row belong together within this fraction of the time between rows. */
const NEAR_ROW = 0.2
/** The log file's time may be this much later than a checkpoint saved just before (ms). */
const CLOCK_SLACK = 2_000

/** Evidence for weights without a number: their role, and when they were saved. */
export function findRoleSigns(
  one: Candidate,
  candidates: readonly Candidate[],
  log: Log,
  metric: string | null,
): RoleSign[] {
  const { role } = one.found.hints
  if (role === 'best') return bestFileSigns(one, log, metric)
  const { path } = one.found
  if (basename(path) === log.history.best_file) return keptFileSigns(one, log, metric)
  if (isBestOfMember(path)) {
    // The log does not say which member its rows are of.
    const members = candidates.filter(({ found }) => isBestOfMember(found.path))
    return members.length > 1 ? [] : keptFileSigns(one, log, metric)
  }
  const isOnly = candidates.filter(({ found }) => found.hints.role === null).length === 1
  if (role === null && !isOnly) return timeSigns(one, log.history)
  return lastFileSigns(one, log.history)
}

/**
 * A file that keeps the best weights is from the best row, if all metrics agree on it. In a log of
 * epochs, the optimiser's steps in the file exclude epochs that do not divide them.
 */
function bestFileSigns(one: Candidate, { history, axis }: Log, metric: string | null): RoleSign[] {
  const taken = axis.isEpochs ? one.facts.step : null
  const names = [...new Set(history.rows.flatMap(({ values }) => Object.keys(values)))]
  const named = metricInName(one.found.path, names)
  const decides = named ?? metric
  const best = findBestRow(history, decides, (step) => taken === null || taken % step === 0)
  // Weights may be copied at the end of training, so the time of the last row is not evidence.
  const times = timeSigns(one, history).filter(({ step }) => step !== lastStep(history))
  if (!best) return savedBestSigns(history) ?? times
  const steps = taken === null ? '' : ` (its optimiser made ${taken} steps)`
  const by = `its name and the best ${best.metric} in the log${steps}`
  const isSavedThen = timeSigns(one, history).some(({ step }) => step === best.step)
  return [{ step: best.step, by }, ...(isSavedThen ? timeSigns(one, history) : times)]
}

/** The step at which the log says that the best weights were saved, if a metric is best there. */
function savedBestSigns({ rows, best_step }: LogHistory): RoleSign[] | undefined {
  const row = rows.findLast(({ step }) => step === best_step)
  if (best_step == null || !row) return undefined
  const isBest = Object.keys(row.values).some((metric) => directionAt(rows, row, metric))
  return isBest
    ? [
        {
          step: best_step,
          by: 'its name and the log line that says that the best weights are saved',
        },
      ]
    : undefined
}

/**
 * A file of another name that keeps the best weights. A later save or a copy may have replaced its
 * time, so then nothing is known.
 */
function keptFileSigns(one: Candidate, log: Log, metric: string | null): RoleSign[] {
  const written = log.history.written?.to
  return written === undefined || one.found.mtime >= written ? [] : bestFileSigns(one, log, metric)
}

/** A file that every save replaces is from the last step, if it was saved after the last row. */
function lastFileSigns({ found }: Candidate, history: LogHistory): RoleSign[] {
  const step = lastStep(history)
  const since = lastRow(history)
  if (step === undefined || since === undefined || found.mtime < since) return []
  return [{ step, by: 'that it was saved after the last log line' }]
}

/**
 * When the last row was written (ms), or a little earlier. Without times in the rows, the time of the
 * log file is used, minus the usual time of one row: the program may write other lines after it.
 */
function lastRow({ rows, written, read_at }: LogHistory): number | undefined {
  const at = rows.at(-1)?.at ?? null
  if (at !== null) return at - NEAR_ROW * between(rows)
  if (read_at !== undefined) return read_at - CLOCK_SLACK
  if (!written) return undefined
  const perRow = Math.max(0, written.to - written.from) / Math.max(1, rows.length)
  return written.to - CLOCK_SLACK - perRow
}

/** The step of the row that was written when the file was saved. */
function timeSigns({ found }: Candidate, { rows }: LogHistory): RoleSign[] {
  const reach = NEAR_ROW * between(rows)
  const near = rows.filter(({ at }) => at !== null && Math.abs(at - found.mtime) <= reach)
  const steps = new Set(near.map(({ step }) => step))
  const [step] = steps
  return step === undefined || steps.size > 1 ? [] : [{ step, by: 'the time when it was saved' }]
}

/** The shortest time between two rows (ms); 0 if rows have no times. */
function between(rows: readonly Row[]): number {
  const times = rows.flatMap(({ at }) => at ?? [])
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at))
  return gaps.length === 0 ? 0 : Math.max(0, Math.min(...gaps))
}

/** The last step of the last attempt. */
function lastStep({ last }: LogHistory): number | undefined {
  return last.at(-1)
}
