import { findBestRow } from './bestRow.ts'
import type { Candidate } from './candidate.ts'
import type { Axis } from './axis.ts'
import type { LogHistory, Row } from './logHistory.ts'

/** What weights without a number may be of, and by which sign. */
interface RoleSign {
  step: number
  /** As part of a sentence. */
  by: string
}

interface Log {
  history: LogHistory
  axis: Axis
}

/** A file and a row are of one moment where less lies between them than this part of the time between rows. */
const NEAR_ROW = 0.2
/** Where rows carry no times the log's own does, which may be later than a file that was saved just before it (ms). */
const CLOCK_SLACK = 2_000

/** The signs of weights whose name counts nothing: which they are by their name, and when they were saved. */
export function findRoleSigns(
  one: Candidate,
  candidates: readonly Candidate[],
  log: Log,
  metric: string | null,
): RoleSign[] {
  const { role } = one.found.hints
  if (role === 'best') return bestFileSigns(one, log, metric)
  const isOnly = candidates.filter(({ found }) => found.hints.role === null).length === 1
  if (role === null && !isOnly) return timeSigns(one, log.history)
  return lastFileSigns(one, log.history)
}

/**
 * A file that keeps the best is of the best row, where all that was measured agrees on it. Of a log
 * of epochs the optimiser's steps are a whole number per epoch, which rules others out.
 */
function bestFileSigns(one: Candidate, { history, axis }: Log, metric: string | null): RoleSign[] {
  const taken = axis.isEpochs ? one.facts.step : null
  const best = findBestRow(history, metric, (step) => taken === null || taken % step === 0)
  // What is copied when the training ends is saved at its last row.
  const times = timeSigns(one, history).filter(({ step }) => step !== lastStep(history))
  if (!best) return times
  const steps = taken === null ? '' : ` (its optimiser made ${taken} steps)`
  const by = `its name and the best ${best.metric} in the log${steps}`
  const isSavedThen = timeSigns(one, history).some(({ step }) => step === best.step)
  return [{ step: best.step, by }, ...(isSavedThen ? timeSigns(one, history) : times)]
}

/** A file that is replaced at every save is of the last step, where it was saved after the last row. */
function lastFileSigns({ found }: Candidate, history: LogHistory): RoleSign[] {
  const step = lastStep(history)
  const since = lastRow(history)
  if (step === undefined || since === undefined || found.mtime < since) return []
  return [{ step, by: 'that it was saved after the last log line' }]
}

/**
 * When the last row was written, or a little before. Where rows carry no times the log's own does;
 * a program may write other lines there after it, so the usual time of one row is left for that.
 */
function lastRow({ rows, written, read_at }: LogHistory): number | undefined {
  const at = rows.at(-1)?.at ?? null
  if (at !== null) return at - NEAR_ROW * between(rows)
  if (read_at !== undefined) return read_at - CLOCK_SLACK
  if (!written) return undefined
  const each = Math.max(0, written.to - written.from) / Math.max(1, rows.length)
  return written.to - CLOCK_SLACK - each
}

/** The row that was written when the file was saved. */
function timeSigns({ found }: Candidate, { rows }: LogHistory): RoleSign[] {
  const reach = NEAR_ROW * between(rows)
  const near = rows.filter(({ at }) => at !== null && Math.abs(at - found.mtime) <= reach)
  const steps = new Set(near.map(({ step }) => step))
  const [step] = steps
  return step === undefined || steps.size > 1 ? [] : [{ step, by: 'the time when it was saved' }]
}

/** The shortest time between two rows (ms); 0 where rows carry none. */
function between(rows: readonly Row[]): number {
  const times = rows.flatMap(({ at }) => at ?? [])
  const rests = times.slice(1).map((at, index) => at - (times[index] ?? at))
  return rests.length === 0 ? 0 : Math.max(0, Math.min(...rests))
}

/** The last step of the last attempt. */
function lastStep({ last }: LogHistory): number | undefined {
  return last.at(-1)
}
