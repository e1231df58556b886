import type { EventOf, Found, ReaderNote } from '@bestmark/core'
import type { Listing } from '../../files/listing.ts'
import type { NumberedLine } from '../../files/growingFile.ts'
import type { Progress } from '../events/attempts.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { LogHistory } from '../weights/logHistory.ts'

/** A line of one of the run's files. */
export interface FileLine extends NumberedLine {
  file: string
}

/** The next bytes of one of the run's files. Used bytes are not given again. */
export interface FileBytes {
  file: string
  bytes: Buffer
  /** Offset of the first byte, and the file's present size. */
  offset: number
  size: number
}

/** The fields of a run's `started` event, and warnings about its configuration. */
export interface RunStart {
  fields: Partial<EventOf<'started'>>
  warnings: ReaderNote[]
}

/** What some records of a binary file hold, and the offset of the first one. */
export interface Records {
  found: Found[]
  byte: number
}

/** How the files of a program become events. */
export interface Format<State extends Progress> {
  name: string
  /** Paths of the run's files, in reading order. */
  files: (listing: Listing) => Promise<string[]>
  /** The first state: small, plain data, because it is stored in the cursor. */
  begin: (listing: Listing) => State | Promise<State>
  /** Reads a line, or the next bytes of a binary file. Changes the state. */
  line?: (state: State, line: FileLine) => Found[]
  bytes?: (state: State, bytes: FileBytes) => Promise<{ records: Records[]; used: number }>
  /** Whether a file may have progress bars, which are drawn again on one line until they end. */
  hasBars?: (state: State, file: string) => boolean
  /** Reads the last line while it is still being written. */
  unfinished?: (state: State, rest: { file: string; text: string }) => Found[]
  /** Called when all files are read to their ends. */
  endOfInput?: (state: State, isOver: boolean) => Found[]
  /** Reads the run's configuration. */
  started: (listing: Listing) => Promise<RunStart>
  /** The weights that exist now. */
  saved: (listing: Listing, state: State, history: LogHistory) => Promise<SavedFile[]>
  /** Whether to infer the deciding metric if the run declares none. */
  infers?: boolean
}
