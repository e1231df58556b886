import type { EventOf, Skips } from '@bestmark/core'
import type { FileOffset } from '../../files/growingFile.ts'
import type { StoredFiles } from '../events/savedFiles.ts'
import type { LogHistory } from '../weights/logHistory.ts'

/** Raise it when the state of a format changes. Runs with an older cursor are then read again. */
const VERSION = 14

/** How far the files of a run were read, with the state of their format. */
export interface Cursor<State> {
  /** The name and version of the format. */
  format: string
  files: Record<string, FileOffset>
  state: State
  stored_files: StoredFiles
  history: LogHistory
  begun: EventOf<'started'> | null
  /** The program's own best that was sent last. */
  claimed?: string
  hasEnded: boolean
  /** Whether the files themselves have an end. */
  hasLoggedEnd: boolean
  skips: Skips
}

/** The name of a format with the version of its state. */
export function formatVersion({ name }: { name: string }): string {
  return `${name} ${VERSION}`
}

/** The parsed cursor; undefined if another format or version wrote it. */
export function parseCursor<State>(cursor: string, format: string): Cursor<State> | undefined {
  try {
    const value: unknown = JSON.parse(cursor)
    const isOurs =
      typeof value === 'object' && value !== null && 'format' in value && value.format === format
    // `LineReader` wrote it, because the format is ours.
    return isOurs ? (value as Cursor<State>) : undefined
  } catch {
    return undefined
  }
}
