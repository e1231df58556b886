import { pinCheckpoints, currentFiles } from '@bestmark/db'
import { parse } from '../cli/parse.ts'
import { openBoard } from '../board/board.ts'
import { EXIT } from '../failure.ts'
import { checkpointsNamed } from '../board/namedCheckpoint.ts'
import { findJob } from '../board/namedJob.ts'
import { print } from '../cli/terminal.ts'
import { PIN } from './pin.table.ts'

/** Protects checkpoints from prune. With --off it removes the protection. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, PIN)
  await using board = await openBoard()
  const { job_id, name } = await findJob(board.db, args.JOB)
  const files = await currentFiles(board.db, job_id)
  const checkpoint_ids = args.CHECKPOINT.flatMap((text) => {
    return checkpointsNamed(text, files, name).map((row) => row.checkpoint_id)
  })
  const pinned = !values.off
  await pinCheckpoints(board.db, job_id, { checkpoint_ids, pinned })
  const state = pinned ? 'is pinned: prune keeps it' : 'is no longer pinned'
  const changed = files.filter((row) => checkpoint_ids.includes(row.checkpoint_id))
  for (const { path } of changed) print(`${path} ${state}.`)
  return EXIT.found
}
