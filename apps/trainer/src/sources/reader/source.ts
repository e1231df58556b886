import type { TrainingEvent } from '@bestmark/core'
import type { Listing } from '../../files/listing.ts'

/** What a reader found since its cursor. */
export interface Piece {
  events: TrainingEvent[]
  /** Where the next reader goes on: opaque, and the same while nothing is new. */
  cursor: string
  /** The events begin the whole history anew: what was told before is taken back. */
  replace: boolean
}

/** Reads one run of one source, piece by piece, at most about 1 MB of input a call. */
export interface SourceReader {
  /** What is new; no events and the same cursor where nothing is. Throws where reading fails. */
  next: () => Promise<Piece>
}

/** How a run is read. */
export interface ReadOptions {
  root: string
  /** Where an earlier reader stopped; null at the beginning. */
  cursor: string | null
  /** The run is over: last lines without a newline count, and how it ended is told. */
  isOver: boolean
}

/** A way in which programs write down a training run. */
export interface Source {
  name: string
  /** Whether a folder holds a run of this source, by its own marks. */
  isHere: (listing: Listing) => Promise<boolean>
  /** The files that it reads, relative to the root; others may be there, and some of these not. */
  files: (listing: Listing) => Promise<string[]>
  open: (opening: ReadOptions) => SourceReader
  /** What the program itself calls the run, and the project that it belongs to there. */
  identity?: (root: string) => Promise<{ name?: string; project?: string }>
}

/** A training run as a source read it from disk. */
export interface ReadRun {
  /** Absolute path of the run's root; paths in events are relative to it. */
  root: string
  /** The name of the source that knows most of it. */
  source: string
  /** The id in the run's own journal, where it has one. */
  job_id: string | null
  name: string
  project: string
  /** Whether one file was read alone, which tells of no checkpoints. */
  isSingleFile: boolean
  events: TrainingEvent[]
}

/** Everything that a reader has to tell. */
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
