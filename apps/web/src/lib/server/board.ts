import { openBoard, type Board } from '@bestmark/api/board'
import { BESTMARK_HOME, DATABASE_URL } from '$app/env/private'

let opened: Promise<Board> | undefined

/**
 * The board that this process serves, opened with the first request. Rejects while the database is
 * away; the next call tries again.
 */
export function board(): Promise<Board> {
  opened ??= openBoard({ BESTMARK_HOME, DATABASE_URL }).catch((error: unknown) => {
    opened = undefined
    throw error
  })
  return opened
}

/** Lets go of the database. */
export async function closeBoard(): Promise<void> {
  const closing = opened
  opened = undefined
  await (await closing?.catch(() => undefined))?.close()
}
