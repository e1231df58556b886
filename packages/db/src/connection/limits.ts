/** How long the queries of a process may take, and its server may be silent. */
export interface Limits {
  /** What one statement may take, lock waits included, before the server cancels it (ms). */
  statement: number
  /** After so long without a word a statement is given up, whatever the server does (ms). */
  answer: number
  /** How long a server may say nothing while an answer is awaited, before it is asked after (ms). */
  silence: number
  /** How long it may take to answer that question (ms). */
  pulse: number
}

const SILENCE = { silence: 3_000, pulse: 4_000 }

/**
 * For the command line and the agent: as long as the server answers others, they wait. The limit is
 * there so that no lock is waited for without end; a migration has none.
 */
export const WORK: Limits = { ...SILENCE, statement: 600_000, answer: Infinity }

/** For pages and calls, where somebody waits for the answer. */
export const PAGES: Limits = { ...SILENCE, statement: 30_000, answer: 35_000 }

/** How long the server lets a transaction hold its locks while its client says nothing (ms). */
export const IDLE_IN_TRANSACTION = 60_000
