/** How far a journal was read, and how to recognise it. */
export interface JournalCursor {
  /** Bytes. */
  offset: number
  /** The job's id in its header; null if an older version wrote the cursor. */
  id: string | null
  /** Digest of the first and the last bytes that were read; empty if an older version wrote it. */
  read: string
}

/** The text of a cursor for the database. */
export function writeJournalCursor({ offset, id, read }: JournalCursor): string {
  return `${offset} ${id ?? ''} ${read}`
}

/** Reads a stored cursor; older versions stored only the number of bytes. */
export function readJournalCursor(cursor: string | null): JournalCursor {
  const [offset = '0', id = '', read = ''] = (cursor ?? '0').split(' ')
  return { offset: Number(offset), id: id === '' ? null : id, read }
}

/** A run's folder now holds another run. */
export class OtherRunError extends Error {
  override readonly name = 'OtherRunError'
  constructor(folder: string) {
    super(`Another run began in ${folder}. It is recorded as a separate job.`)
  }
}

/** Whether a job's id was made from the path of its folder (a UUID v5); ids of journals are random. */
export function isIdOfPath(job_id: string): boolean {
  return job_id[14] === '5'
}

/**
 * Whether a journal's id belongs to another job: compared with the stored journal id of the job, else
 * with the job's id. A job id made from a path accepts any journal.
 */
export function isOtherJournalId(job_id: string, stored: string | null, id: string): boolean {
  return stored === null ? id !== job_id && !isIdOfPath(job_id) : id !== stored
}
