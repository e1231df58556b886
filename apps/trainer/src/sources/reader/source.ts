import type { TrainingEvent } from '@bestmark/core'
import type { Listing } from '../../files/listing.ts'

/** What a reader found after its cursor. */
export interface Piece {
  events: TrainingEvent[]
  /** Where the next reader continues. Opaque, and the same while nothing is new. */
  cursor: string
  /** The events replace the whole history so far. */
  replace: boolean
}

/** Reads one run of one source in pieces of at most about 1 MB of input per call. */
export interface SourceReader {
  /** What is new. Without news it returns no events and the same cursor. Throws if reading fails. */
  next: () => Promise<Piece>
}

/** How to read a run. */
export interface ReadOptions {
  root: string
  /** Where an earlier reader stopped; null to start at the beginning. */
  cursor: string | null
  /** The run is over: a last line without a newline counts, and an `ended` event is added. */
  isOver: boolean
}

/** A kind of run that can be read. */
export interface Source {
  name: string
  /** Whether a folder holds a run of this source. */
  isHere: (listing: Listing) => Promise<boolean>
  /** Paths of the files that it reads. Some of them may be missing. */
  files: (listing: Listing) => Promise<string[]>
  open: (options: ReadOptions) => SourceReader
  /** The program removes older files while it trains, so a run does not end with them. */
  rotates?: true
  /** The program's names for the run and its project. */
  identity?: (root: string) => Promise<{ name?: string; project?: string }>
}

/** A training run read from disk. */
export interface ReadRun {
  /** Absolute path. Paths in events are relative to it. */
  root: string
  /** The name of the most detailed source. */
  source: string
  /** The id in the run's journal; null if it has none. */
  job_id: string | null
  name: string
  project: string
  /** Whether only one file was read, which has no checkpoints. */
  isSingleFile: boolean
  events: TrainingEvent[]
}

/** All events of a reader. */
export async function readWhole(reader: SourceReader): Promise<TrainingEvent[]> {
  let events: TrainingEvent[] = []
  for (let cursor: string | null = null; ;) {
    const piece = await reader.next()
    if (piece.replace) events = []
    for (const event of piece.events) events.push(event)
    if (piece.cursor === cursor) return events
    cursor = piece.cursor
  }
}
