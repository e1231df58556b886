import { basename } from 'node:path'
import { type EventOf, pathStep } from '@bestmark/core'
import { heldOutName } from '../events/names.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { Candidate } from './candidate.ts'
import type { InferredMetric } from './inferredMetric.ts'

/** The metric by which the newest weights are kept, as fields of a `started` event; undefined if none is declared. */
export function readMonitoredMetric(candidates: readonly Candidate[]): InferredMetric | undefined {
  const found = newest(candidates, ({ facts }) => facts.monitor !== null)
  const monitor = found?.facts.monitor
  if (!monitor) return undefined
  const { metric, mode, by } = monitor
  const isLightning = by === 'ModelCheckpoint'
  const declared_by = isLightning ? `monitor ${metric} of the ${by} in ${found?.found.path}` : by
  return { metric_for_best: heldOutName(metric), direction: mode, declared_by }
}

/** The program's own best checkpoint, if the newest weights record it, as Lightning's do. */
export function readClaimedBest(
  candidates: readonly Candidate[],
  saved: readonly SavedFile[],
): Partial<EventOf<'claim'>> | undefined {
  const facts = newest(candidates, ({ facts }) => facts.best_path !== null)?.facts
  const path = facts?.best_path
  if (!path || !facts.monitor) return undefined
  const name = basename(path.replaceAll('\\', '/'))
  const found = saved.find((one) => basename(one.path) === name)
  const metric = heldOutName(facts.monitor.metric)
  const value = facts.monitor.scores.get(name) ?? null
  return { path: found?.path ?? path, step: found ? found.step : pathStep(path), metric, value }
}

/** The weights with the highest step. Times are not used first, because they may be those of a copy. */
function newest(
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
