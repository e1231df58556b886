import type { RouterInputs } from '@bestmark/api'
import type { Delta } from '../api.ts'

export type WatchInput = RouterInputs['watch']

/** What one page follows. */
export interface Reader {
  /** Unique among the tabs of this browser; another request has another key. */
  key: string
  watch: WatchInput
  /** The id of the last message it received, from which it continues; null at its beginning. */
  after: string | null
}

/**
 * How up to date a page is. `away`: the board does not answer. `ended`: this browser lost its
 * access, so there is no further try.
 */
export interface Link {
  connection: 'connecting' | 'live' | 'away' | 'ended'
  /** When the board last sent something (ms since the epoch); null before that. */
  received_at: number | null
  /** When the next try is (ms since the epoch); null if none is planned. */
  retry_at: number | null
}

export const CONNECTING: Link = { connection: 'connecting', received_at: null, retry_at: null }

/** What a reader receives. */
export type Letter = { kind: 'link'; link: Link } | { kind: 'news'; after: string; delta: Delta }

/** Receives the letters of one reader. */
export type Take = (letter: Letter) => void
