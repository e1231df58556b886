/** How long the queries of a process may take, and its server may be silent. */
export interface Limits {
  /** What one statement may take, lock waits included, before the server cancels it (ms). */
  statement: number
  /** After this long without an answer a statement is cancelled (ms). */
  answer: number
  /** How long a server may be silent during a statement, before it is checked (ms). */
  silence: number
  /** How long the server may take to answer that check (ms). */
  pulse: number
}

const SILENCE = { silence: 3_000, pulse: 4_000 }

/**
 * For the command line and the agent: they wait while the server answers other queries. The limit
 * ends waits for a lock; a migration has no limit.
 */
export const WORK: Limits = { ...SILENCE, statement: 600_000, answer: Infinity }

/** For pages and calls, because a person waits for the answer. */
export const PAGES: Limits = { ...SILENCE, statement: 30_000, answer: 35_000 }

/** How long the server lets a transaction hold its locks while its client is silent (ms). */
export const IDLE_IN_TRANSACTION = 60_000
