import type { SavedFile } from '../events/savedFiles.ts'
import type { LogHistory } from './logHistory.ts'

/** Clocks and file systems may differ by this much (ms). */
const SLACK = 60_000

/**
 * Weights that an earlier training left in the folder: one of them has a step after the log's last one
 * and was saved before the log was created, so no older file is of this log either. Empty if the log's
 * file was copied or replaced, since then its creation shows nothing.
 */
export function findLeftovers(
  saved: readonly SavedFile[],
  { rows, last, written }: LogHistory,
): ReadonlySet<string> {
  const reached = Math.max(...last.map((step) => step ?? 0), 0)
  if (!written || written.from <= 0 || written.to < written.from || rows.length === 0)
    return new Set()
  const since = written.from - SLACK
  const beyond = saved.filter(({ step, mtime }) => (step ?? 0) > reached && mtime < since)
  const newest = Math.max(...beyond.map(({ mtime }) => mtime))
  return new Set(saved.filter(({ mtime }) => mtime <= newest).map(({ path }) => path))
}

/** What is known of weights that an earlier training left. */
export function asLeftover(saved: SavedFile): SavedFile {
  const text = `The step of ${saved.path} is unknown. It was saved before this log was created, as a file with a later step than the log has`
  return { ...saved, step: null, epoch: null, step_note: { code: 'step_unknown', text } }
}
