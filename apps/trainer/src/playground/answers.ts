import {
  answerPrompt,
  type Database,
  databaseFailure,
  openPrompt,
  type OpenPrompt,
  type Written,
} from '@bestmark/db'
import { errorText } from '../failure.ts'
import { written } from './writing.ts'

/** Answers the oldest prompt that waits for this host; returns whether there was one. */
export async function answerNext(
  db: Database,
  host_id: string,
  signal: AbortSignal,
): Promise<boolean> {
  const open = await openPrompt(db, host_id)
  if (!open) return false
  let answer: Written
  try {
    answer = await answerOf(open, signal)
  } catch (error) {
    // The next agent answers it.
    if (signal.aborted) return true
    if (databaseFailure(error) !== undefined) throw error
    const nothing = { shipped: null, last: null, last_step: null }
    answer = { state: 'failed', ...nothing, error: errorText(error) }
  }
  await answerPrompt(db, open, answer)
  return true
}

async function answerOf(
  { prompt, shipped_path, last }: OpenPrompt,
  signal: AbortSignal,
): Promise<Written> {
  const folders = [shipped_path, ...(last ? [last.absolute_path] : [])]
  const [shipped = null, other = null] = await written(folders, prompt, signal)
  return { state: 'answered', shipped, last: other, last_step: last?.step ?? null, error: null }
}
