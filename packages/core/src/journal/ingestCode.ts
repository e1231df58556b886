import { z } from 'zod'

/** Why the board does not take a piece of a journal, or a file. Programs compare this code, never the words. */
export const IngestCode = z.enum([
  // The request cannot be read.
  'request_invalid',
  'not_gzip',
  'piece_too_large',
  // The caller may not send it.
  'token_unknown',
  'token_expired',
  'token_revoked',
  'scope_missing',
  'other_job',
  'other_project',
  // It is not the next piece of this job's journal.
  'not_a_journal',
  'other_journal',
  'gap',
  'journal_differs',
  'journal_too_large',
  // It is not the file of a sample in this job's journal.
  'sample_unknown',
  'file_differs',
  'file_too_large',
  // The board does not record this job from what is sent.
  'recorded_from_files',
  'job_deleted',
  // The same piece can be sent again later.
  'too_fast',
  'database_away',
  'internal_error',
])
export type IngestCode = z.infer<typeof IngestCode>
