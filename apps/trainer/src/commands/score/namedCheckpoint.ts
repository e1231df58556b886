import { existsSync } from 'node:fs'
import { findCheckpoints } from '@bestmark/db'
import { callerPath } from '../../cli/callerPath.ts'
import { openExistingBoard } from '../../board/board.ts'
import { Failure } from '../../failure.ts'
import { checkpointAt, listText, type RunCheckpoint } from './checkpointAt.ts'

/** Finds a checkpoint by its path, its id on the board, or the beginning of its id. Throws a Failure. */
export async function findCheckpoint(text: string): Promise<RunCheckpoint> {
  const path = callerPath(text)
  if (existsSync(path) || !/^[0-9a-f-]{4,36}$/i.test(text)) return checkpointAt(path)
  await using board = await openExistingBoard()
  const found = board ? await findCheckpoints(board.db, text) : []
  const [only, ...others] = found
  if (!board || !only) {
    const where = board
      ? 'and the board has no checkpoint with such an id'
      : 'and there is no board'
    throw new Failure(`There is no ${path}, ${where}.`)
  }
  if (others.length > 0) {
    const ids = found.map((one) => `${one.checkpoint_id} (${one.absolute_path})`)
    throw new Failure(
      `"${text}" matches several checkpoints: ${listText(ids)}. Write more of the id.`,
    )
  }
  if (only.host_id !== board.host_id) {
    throw new Failure(`${only.absolute_path} is on ${only.host}. Score it there.`)
  }
  return await checkpointAt(only.absolute_path)
}
