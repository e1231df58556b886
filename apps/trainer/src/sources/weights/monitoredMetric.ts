import { heldOutName } from '../events/names.ts'
import type { Candidate } from './candidate.ts'
import type { MonitorOrigin } from './facts.ts'
import type { InferredMetric } from './inferred.ts'

/** The path of weights, and of the file with their facts. */
interface Files {
  path: string
  file: string
}

const DECLARED_BY: Record<MonitorOrigin, (metric: string, files: Files) => string> = {
  callback_state: (metric, { path }) => `monitor ${metric} of the ModelCheckpoint in ${path}`,
  score_weights: (_metric, { path }) => `training.score_weights in ${path}/config.cfg`,
  saved_epochs: (metric, { file }) => `${file}, which saves where ${metric} is best`,
}

/** The metric by which the newest weights are kept, as fields of a `started` event; undefined if none is declared. */
export function readMonitoredMetric(candidates: readonly Candidate[]): InferredMetric | undefined {
  const found = newestWeights(candidates, ({ facts }) => facts.monitor !== null)
  const monitor = found?.facts.monitor
  if (!found || !monitor) return undefined
  const { metric, mode, declared_in } = monitor
  const declared_by = DECLARED_BY[declared_in](metric, {
    path: found.found.path,
    file: found.facts.file,
  })
  return { metric_for_best: heldOutName(metric), direction: mode, declared_by }
}

/** The weights with the highest step. Times are not used first, because they may be those of a copy. */
export function newestWeights(
  candidates: readonly Candidate[],
  fits: (one: Candidate) => boolean,
): Candidate | undefined {
  const countOf = ({ facts }: Candidate): number => facts.step ?? facts.epoch ?? -1
  const isNamed = ({ found }: Candidate): number => (found.hints.role === null ? 1 : 0)
  return candidates
    .filter(fits)
    .sort(
      (a, b) => countOf(b) - countOf(a) || isNamed(b) - isNamed(a) || b.found.mtime - a.found.mtime,
    )[0]
}
