import type { LogRecord } from './logRecord.ts'
import { readRecord } from './jsonLines.ts'

/**
 * The records in `checkpoint_manager_snapshot.json` of Ray Train: the kept checkpoints, each with its
 * metrics and the number of its report. The newest is first. Undefined for any other document.
 */
export function reportRecords(
  document: Readonly<Record<string, unknown>>,
): LogRecord[] | undefined {
  const { checkpoint_results: results, checkpoint_report_indices: indices } = document
  if (!Array.isArray(results)) return undefined
  const numbers: unknown[] = Array.isArray(indices) ? indices : []
  const reports = results.flatMap((result: unknown, at) => {
    const number = numbers[at]
    const isKnown = typeof number === 'number' && typeof result === 'object' && result !== null
    return isKnown ? [{ number, result }] : []
  })
  reports.sort((a, b) => a.number - b.number)
  return reports.flatMap(({ number, result }) => {
    return readRecord({ training_iteration: number + 1, ...result }) ?? []
  })
}
