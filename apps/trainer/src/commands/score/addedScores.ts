import { isAbsolute, relative } from 'node:path'
import { figure, isFiniteMeasure, type Measured, type TrainingEvent } from '@bestmark/core'
import type { RunCheckpoint } from './checkpointAt.ts'
import type { Measurements } from './results.ts'
import { retractionOf } from './retraction.ts'
import { stateDigest } from '../../sources/scores/scoreEvents.ts'
import { appendScores, type Score } from '../../sources/scores/scoresFile.ts'

/** Who measured, and the origin of the values. */
export interface Provenance {
  by: string
  /** Absolute path of the file with the values; null for values from the command line. */
  file: string | null
  command: string[] | null
  /** Earlier scores of the same metrics no longer count. */
  replace?: boolean
}

/** Logged with a metric, but not a measurement of the weights. */
const NOT_MEASURED = /_(stderr|runtime|(samples|steps)_per_second)$/

/** A metric that was measured on these weights before. The first value counts. */
export interface Repeat {
  metric: string
  first: Measured
}

/**
 * Appends measurements of a checkpoint to its run's scores. Returns the metrics that were measured
 * before. Throws a Failure if the run's folder is not writable.
 */
export async function addScores(
  { run, checkpoint }: RunCheckpoint,
  measured: readonly Measurements[],
  { by, file, command, replace = false }: Provenance,
): Promise<Repeat[]> {
  const { path, attempt, step } = checkpoint
  const state = await stateDigest(run.root, path)
  const at = Date.now()
  const key = { score: 1, at, path, attempt, step, state } as const
  const scores = measured.map(({ lines, ...one }): Score => {
    const line = Object.values(lines)[0] ?? null
    const origin = file === null ? null : { file: fromRoot(run.root, file), line }
    return { ...key, ...one, by, origin, lines, command }
  })
  // Values that the run logged cannot be replaced.
  const counting = replace ? run.events.filter((event) => !isScore(event)) : run.events
  const repeats = repeatsIn(counting, checkpoint, scores)
  const metrics = scores.flatMap(({ values }) => Object.keys(values))
  const earlier = replace ? [await retractionOf({ run, checkpoint }, metrics, by)] : []
  appendScores(run.root, [...earlier, ...scores])
  return repeats
}

function isScore(event: TrainingEvent): boolean {
  return event.type === 'evaluation' && event.scored_by !== null
}

function fromRoot(root: string, file: string): string {
  return isAbsolute(file) ? relative(root, file) : file
}

function repeatsIn(
  events: readonly TrainingEvent[],
  { attempt, step }: RunCheckpoint['checkpoint'],
  scores: readonly Score[],
): Repeat[] {
  const first = new Map<string, Measured>()
  for (const event of events) {
    if (event.type !== 'evaluation' || event.attempt !== attempt || event.step !== step) continue
    for (const [metric, value] of Object.entries(event.values)) {
      if (!first.has(metric)) first.set(metric, value)
    }
  }
  const metrics = new Set(scores.flatMap(({ values }) => Object.keys(values)))
  return [...metrics].flatMap((metric) => {
    const value = first.get(metric)
    return value === undefined || NOT_MEASURED.test(metric) ? [] : [{ metric, first: value }]
  })
}

/** Describes a repeat in one sentence. */
export function repeatText({ metric, first }: Repeat): string {
  return `${metric} was measured there before (${valueText(first)}), and the first value counts. The new value is kept as a repeat.`
}

/** A value for people. */
export function valueText(value: Measured): string {
  return isFiniteMeasure(value) ? figure(value) : String(value ?? 'missing')
}
