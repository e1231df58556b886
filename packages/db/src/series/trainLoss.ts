import { type Measured, type RunContext, type Series, type StepKey, stepKey } from '@bestmark/core'
import { and, asc, eq, inArray } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'
import { chunkKey, type ChunkKey, readChunks } from './chunkReader.ts'
import { lossFinder, type Losses } from './lossFinder.ts'
import { seriesPieces } from '../schema.ts'

type Reader = Pick<Orm, 'select' | 'execute'>

/** Weights of a job, as its evaluations and checkpoints name them. */
interface Requested {
  job_id: string
  attempt: number
  step: number | null
}

/** A chunk of training losses, without its points. */
interface Chunk extends ChunkKey {
  min_step: number
}

/**
 * The training loss, or the value of another `series`, at which checkpoints of some jobs were saved
 * or evaluated, by job. It is the nearest one of the same attempt at that step or before. Reads each
 * needed chunk once.
 */
export async function trainLosses(
  orm: Reader,
  requested: readonly Requested[],
  series = 'loss',
): Promise<Map<string, Losses>> {
  const chunks = await chunksOf(orm, [...new Set(requested.map(({ job_id }) => job_id))], series)
  const wanted = wantedChunks(chunks, requested)
  const entries = [...wanted.values()]
  const losses = new Map<string, Map<string, Measured>>()
  for (let from = 0; from < entries.length; from += CHUNKS_AT_ONCE) {
    const some = entries.slice(from, from + CHUNKS_AT_ONCE)
    const keys = some.map(({ chunk }) => chunk)
    const read = await readChunks(orm, keys, ['steps', 'values'])
    for (const { chunk, steps } of some) {
      const points = read.get(chunkKey(chunk))
      if (!points) continue
      const ofJob = losses.get(chunk.job_id) ?? new Map<string, Measured>()
      losses.set(chunk.job_id, ofJob)
      const lossAt = lossesOf(points)
      const { attempt } = chunk
      for (const step of steps) ofJob.set(stepKey({ attempt, step }), lossAt(step))
    }
  }
  return losses
}

/** The same for one job. */
export async function trainLossOf(
  orm: Reader,
  job_id: string,
  weights: readonly Omit<Requested, 'job_id'>[],
): Promise<NonNullable<RunContext['trainLoss']>> {
  const requested = weights.map(({ attempt, step }) => ({ job_id, attempt, step }))
  return lossFinder((await trainLosses(orm, requested)).get(job_id))
}

/** Sixteen bytes per point, 1,024 points per chunk: this many chunks are 16 MB. */
const CHUNKS_AT_ONCE = 1_000

async function chunksOf(orm: Reader, job_ids: readonly string[], series: string): Promise<Chunk[]> {
  if (job_ids.length === 0) return []
  const { job_id, attempt, name, ordinal, min_step, is_open } = seriesPieces
  return orm
    .select({ job_id, attempt, name, ordinal, min_step, is_open })
    .from(seriesPieces)
    .where(and(inArray(job_id, [...job_ids]), eq(name, series)))
    .orderBy(asc(job_id), asc(attempt), asc(ordinal))
}

/** The chunks that contain a requested loss, each with its requested steps. */
function wantedChunks(
  chunks: readonly Chunk[],
  requested: readonly Requested[],
): Map<string, { chunk: Chunk; steps: Set<number> }> {
  const chunkOf = chunkFinder(chunks)
  const wanted = new Map<string, { chunk: Chunk; steps: Set<number> }>()
  for (const { job_id, attempt, step } of requested) {
    const chunk = step === null ? undefined : chunkOf(job_id, { attempt, step })
    if (!chunk || step === null) continue
    const entry = wanted.get(chunkKey(chunk)) ?? { chunk, steps: new Set() }
    wanted.set(chunkKey(chunk), entry)
    entry.steps.add(step)
  }
  return wanted
}

/** Finds the last chunk of an attempt that has a point at a step or before. */
function chunkFinder(chunks: readonly Chunk[]): (job_id: string, at: StepKey) => Chunk | undefined {
  const byAttempt = new Map<string, { chunks: Chunk[]; least: number[] }>()
  for (const [key, group] of Map.groupBy(chunks, (one) => `${one.job_id} ${one.attempt}`)) {
    // The least step of each chunk and all after it never falls, so a binary search finds the last
    // one.
    const least = group.map(({ min_step }) => min_step)
    for (let at = least.length - 2; at >= 0; at--) {
      least[at] = Math.min(least[at] ?? Infinity, least[at + 1] ?? Infinity)
    }
    byAttempt.set(key, { chunks: group, least })
  }
  return (job_id, { attempt, step }) => {
    const found = byAttempt.get(`${job_id} ${attempt}`)
    return found?.chunks[countUpTo(found.least, step) - 1]
  }
}

/** How many of ascending numbers are not above a bound. O(log n). */
function countUpTo(ascending: ArrayLike<number>, bound: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? Infinity) <= bound) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Finds the value at the greatest step that is not above a given step; of equal steps the latest.
 */
function lossesOf({ steps, values }: Pick<Series, 'steps' | 'values'>): (step: number) => Measured {
  const isAscending = steps.every((step, index) => index === 0 || step >= (steps[index - 1] ?? NaN))
  if (isAscending) return (step) => values[countUpTo(steps, step) - 1] ?? null
  // The sort is stable, so equal steps keep their order.
  const order = [...steps.keys()].sort((a, b) => (steps[a] ?? 0) - (steps[b] ?? 0))
  const ascending = Float64Array.from(order, (index) => steps[index] ?? NaN)
  return (step) => values[order[countUpTo(ascending, step) - 1] ?? -1] ?? null
}
