import { pinCheckpoints, standingFiles } from '@bestmark/db'
import { parseWords } from '../cli/arguments.ts'
import { openBoard } from '../board/board.ts'
import { EXIT, Failure } from '../failure.ts'
import { oneJob } from '../board/oneJob.ts'
import { print } from '../cli/terminal.ts'

export const usage = 'bestmark pin JOB STEP|PATH… [--off]'

/** Keeps checkpoints from being pruned, or with --off no longer. */
export async function main(words: readonly string[]): Promise<number> {
  const options = { off: { type: 'boolean', default: false } } as const
  const { values, positionals } = parseWords(words, options, usage)
  const [named, ...which] = positionals
  if (named === undefined || which.length === 0) {
    throw new Failure(`Name a job and the steps or paths of its checkpoints. Usage: ${usage}`)
  }
  await using board = await openBoard()
  const { job_id, name } = await oneJob(board.db, named)
  const files = await standingFiles(board.db, job_id)
  const checkpoint_ids = which.flatMap((text) => {
    const found = files.filter(({ step, path }) => path === text || String(step) === text)
    if (found.length > 0) return found.map((row) => row.checkpoint_id)
    const paths = files.map(({ path }) => path).join(', ')
    throw new Failure(`${name} has no checkpoint "${text}"; it has ${paths || 'none'}.`)
  })
  const pinned = !values.off
  await pinCheckpoints(board.db, job_id, { checkpoint_ids, pinned })
  const state = pinned ? 'is pinned, so that prune leaves it alone' : 'is no longer pinned'
  const told = files.filter((row) => checkpoint_ids.includes(row.checkpoint_id))
  for (const { path } of told) print(`${path} ${state}.`)
  return EXIT.found
}
