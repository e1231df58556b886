import type { Candidate } from './candidate.ts'
import type { InferredMetric } from './inferred.ts'
import type { LogHistory } from './logHistory.ts'
import { readMonitoredMetric } from './monitoredMetric.ts'
import { asDeclared, readRecordedBest } from './recordedBest.ts'

/** The deciding metric that weights declare: that of their monitor, or of a recorded best iteration. */
export function readDeclaredMetric(
  candidates: readonly Candidate[],
  history: LogHistory,
): InferredMetric | undefined {
  const recorded = readRecordedBest(candidates, history)
  return readMonitoredMetric(candidates) ?? (recorded && asDeclared(recorded))
}
