/** How far a journal was read, and by what it is known again. */
export interface JournalCursor {
  /** Bytes. */
  offset: number
  /** The job's id in its header; null where an older version did not keep it. */
  id: string | null
  /** Digest of the first and the last bytes that were read; empty where none was kept. */
  read: string
}

/** The cursor of a journal's reader. */
export function writeJournalCursor({ offset, id, read }: JournalCursor): string {
  return `${offset} ${id ?? ''} ${read}`
}

/** What a cursor says; that of an older version is a number of bytes alone. */
export function readJournalCursor(cursor: string | null): JournalCursor {
  const [offset = '0', id = '', read = ''] = (cursor ?? '0').split(' ')
  return { offset: Number(offset), id: id === '' ? null : id, read }
}

/** A run's folder holds another run than the one that is recorded. */
export class OtherRunError extends Error {
  override readonly name = 'OtherRunError'
  constructor(folder: string) {
    super(
      `Another run began in ${folder}, so what is written there is recorded under a job of its own.`,
    )
  }
}

/** Whether a job's id was made of the place of its folder; a journal's own id is random. */
export function isIdOfPath(job_id: string): boolean {
  return job_id[14] === '5'
}

/**
 * Whether a journal is of another run than a job: by the id that the job was told by before, else by
 * the job's own, unless that was made of the folder's place and so stands for whatever lies there.
 */
export function isOtherJournalId(job_id: string, told: string | null, id: string): boolean {
  return told === null ? id !== job_id && !isIdOfPath(job_id) : id !== told
}
