import type { Series } from '@bestmark/core'
import { CHUNK } from '../rows/chunks.ts'
import {
  type JoinedAttempt,
  ordinalOf,
  rewinding,
  rewindsOf,
  type Rewinds,
} from '../rows/joined.ts'
import { pointsOfOutline } from '../rows/outline.ts'
import { chunkKey, type Reader, readChunks } from './chunkReader.ts'
import type { ChunkSummary } from './chunkSummaries.ts'
import { PointList } from './pointList.ts'
import { cut, type Window } from './seriesParts.ts'

/** A chunk, and the steps of it that are shown. */
export interface Kept {
  chunk: ChunkSummary
  window: Window
  whole: boolean
}

/** What is read of one series, before its points are read. */
export interface LoggedPlan {
  /** The chunks of the joined series. */
  joined: readonly Kept[]
  /** What later attempts replaced, by attempt. */
  replaced: ReadonlyMap<number, readonly Kept[]>
  /** The chunks whose points are needed, and those whose outline is enough. */
  needed: readonly ChunkSummary[]
  outlined: readonly ChunkSummary[]
  next_ordinal: number
}

/** From this many points per requested point on, an outline of each chunk is enough. */
const OUTLINED = 16
/** From this many on, the first, last, lowest and highest point of each chunk are enough. */
const CORNERED = CHUNK / 4

/**
 * Plans the reading of one series, joined over its attempts. The more points it has per requested
 * point, the less is read of each chunk. Chunks with a pinned step or an end of the window are read
 * in full.
 */
export function planLogged(
  chunks: readonly ChunkSummary[],
  attempts: readonly JoinedAttempt[],
  request: Window & { points: number; pinned: readonly number[] },
): LoggedPlan {
  const last = chunks.at(-1)
  const { joined, replaced } = keep(chunks, attempts, request)
  const pins = Float64Array.from(request.pinned).sort()
  const parts = [joined, replaced].flatMap((kept) => {
    const count = kept.reduce((sum, { chunk }) => sum + chunk.count, 0)
    const share = count / request.points
    return kept.map((one) => ({ chunk: one.chunk, detail: detailOf(one, share, pins) }))
  })
  const read = (detail: Detail): ChunkSummary[] => [
    ...new Set(parts.flatMap((part) => (part.detail === detail ? [part.chunk] : []))),
  ]
  return {
    joined,
    replaced: Map.groupBy(replaced, ({ chunk }) => chunk.attempt),
    needed: read('points'),
    outlined: read('outline'),
    next_ordinal: last ? ordinalOf(last.attempt, last.ordinal + last.count) : 0,
  }
}

type Detail = 'points' | 'outline' | 'corners'

/** What is read of a chunk of a series that has `share` points per requested point. */
function detailOf({ chunk, whole }: Kept, share: number, pins: Float64Array): Detail {
  if (share <= OUTLINED || !whole || holds(chunk, pins)) return 'points'
  if (share > CORNERED && chunk.non_finite === 0) return 'corners'
  return chunk.has_outline ? 'outline' : 'points'
}

/** What was read of some chunks: their points or their outlines. */
export type ReadParts = ReadonlyMap<ChunkSummary, Series>

/** Reads the chunks of some plans. */
export async function readParts(orm: Reader, plans: readonly LoggedPlan[]): Promise<ReadParts> {
  const needed = plans.flatMap((plan) => plan.needed)
  const outlined = plans.flatMap((plan) => plan.outlined)
  const points = await readChunks(orm, needed, ['steps', 'values', 'times'])
  const outlines = await readChunks(orm, outlined, ['outline'])
  const parts = new Map<ChunkSummary, Series>()
  for (const chunk of needed) {
    const read = points.get(chunkKey(chunk))
    if (read) parts.set(chunk, read)
  }
  for (const chunk of outlined) {
    const read = outlines.get(chunkKey(chunk))
    if (read) parts.set(chunk, pointsOfOutline(read.outline))
  }
  return parts
}

/** The read points of some chunks in order, without thinning, and how many there are in all. */
export function pointsOf(
  kept: readonly Kept[],
  read: ReadParts,
): { series: Series; count: number } {
  let count = 0
  const parts = kept.map(({ chunk, window, whole }) => {
    const part = read.get(chunk)
    const inside = part && (whole ? part : cut(part, window))
    count += whole ? chunk.count : (inside?.steps.length ?? 0)
    return inside
  })
  const most = parts.reduce((sum, part) => sum + (part?.steps.length ?? CORNERS), 0)
  const points = new PointList(most)
  kept.forEach(({ chunk }, index) => {
    const part = parts[index]
    if (part) points.append(part)
    else addCorners(points, chunk)
  })
  return { series: points.series, count }
}

/** Which chunks and steps stay, and which a later attempt repeated. */
function keep(
  chunks: readonly ChunkSummary[],
  attempts: readonly JoinedAttempt[],
  { from_step, to_step }: Window,
): { joined: Kept[]; replaced: Kept[] } {
  const present = new Set(chunks.map(({ attempt }) => attempt))
  const rewinds = rewindsOfChunks(chunks, attempts)
  const inside = (chunk: ChunkSummary, window: Window): Kept[] => {
    if (chunk.min_step > window.to_step || chunk.max_step < window.from_step) return []
    const whole = chunk.min_step >= window.from_step && chunk.max_step <= window.to_step
    return [{ chunk, window, whole }]
  }
  const ends = new Map([...present].map((attempt) => [attempt, rewinds.keptUpTo(attempt, present)]))
  const endOf = ({ attempt }: ChunkSummary): number => ends.get(attempt) ?? Infinity
  const joined = chunks.flatMap((chunk) => {
    return inside(chunk, { from_step, to_step: Math.min(to_step, endOf(chunk)) })
  })
  const replaced = chunks.flatMap((chunk) => {
    return inside(chunk, { from_step: Math.max(from_step, endOf(chunk) + 1), to_step })
  })
  return { joined, replaced }
}

/** The rewinds of the attempts that logged these chunks. */
function rewindsOfChunks(
  chunks: readonly ChunkSummary[],
  attempts: readonly JoinedAttempt[],
): Rewinds {
  const first = new Map<number, number>()
  for (const { attempt, min_step } of chunks) {
    first.set(attempt, Math.min(first.get(attempt) ?? Infinity, min_step))
  }
  const name = chunks[0]?.name ?? ''
  return rewindsOf(rewinding(name, attempts), (attempt) => first.get(attempt) ?? 0)
}

/** Whether one of the sorted steps lies in the chunk. */
function holds({ min_step, max_step }: ChunkSummary, sorted: Float64Array): boolean {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? NaN) < min_step) low = middle + 1
    else high = middle
  }
  return (sorted[low] ?? Infinity) <= max_step
}

/** The most points that a chunk gives if only its summary is read. */
const CORNERS = 4

/** Adds the first, lowest, highest and last point of a chunk of finite values, in order of arrival. */
function addCorners(points: PointList, chunk: ChunkSummary): void {
  points.add(chunk.first_step, chunk.first_value, chunk.first_time)
  const { min_value_step: low, max_value_step: high, first_step: first, last_step: last } = chunk
  const addLow = () => points.add(low, chunk.min_value, chunk.min_value_time)
  const addHigh = () => points.add(high, chunk.max_value, chunk.max_value_time)
  const [lower, higher] = [Math.min(low, high), Math.max(low, high)]
  if (lower !== first) (low <= high ? addLow : addHigh)()
  if (higher !== lower) (low <= high ? addHigh : addLow)()
  if (last !== higher) points.add(last, chunk.last_value, chunk.last_time)
}
