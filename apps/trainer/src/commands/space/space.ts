import { bytesText } from '@bestmark/core'
import {
  boardSpace,
  type BoardSpace,
  compactBoard,
  keepPointsDays,
  purgeDeletedJobs,
  removeOldPoints,
  setKeepPointsDays,
  vacuumBoard,
} from '@bestmark/db'
import { openBoard } from '../../board/board.ts'
import { parse } from '../../cli/parse.ts'
import { print } from '../../cli/terminal.ts'
import { EXIT } from '../../failure.ts'
import { SPACE } from './space.table.ts'

/** Shows the space of the board, and frees some. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, SPACE)
  await using board = await openBoard()
  const { db } = board
  const days = values['keep-points']
  if (days !== undefined) await setKeepPointsDays(db, days === 'forever' ? null : days)
  const before = await boardSpace(db)
  const frees = values.free || values.compact
  const deleted_jobs = frees ? await purgeDeletedJobs(db) : 0
  const thinned_jobs = frees ? await removeOldPoints(db) : 0
  if (frees) await vacuumBoard(db)
  if (values.compact) await compactBoard(db)
  const after = frees ? await boardSpace(db) : before
  const keep_points_days = await keepPointsDays(db)
  if (values.json) {
    const done = { deleted_jobs, thinned_jobs, freed: totalOf(before) - totalOf(after) }
    print(JSON.stringify({ keep_points_days, bytes: after, ...done }))
    return EXIT.found
  }
  print(...sizesOf(after), ruleText(keep_points_days))
  if (frees) {
    print(
      `Removed the rest of ${counted(deleted_jobs, 'deleted job')} and the raw points of ` +
        `${counted(thinned_jobs, 'job')}. The database is ` +
        `${bytesText(Math.max(0, totalOf(before) - totalOf(after)))} smaller.`,
    )
  }
  return EXIT.found
}

function totalOf({ points, logs, samples, rest }: BoardSpace): number {
  return points + logs + samples + rest
}

function sizesOf(space: BoardSpace): string[] {
  const rows = [
    ['points', space.points],
    ['output', space.logs],
    ['samples', space.samples],
    ['all else', space.rest],
    ['together', totalOf(space)],
  ] as const
  return rows.map(([name, bytes]) => `${name.padEnd(10)} ${bytesText(bytes).padStart(9)}`)
}

function ruleText(days: number | null): string {
  if (days === null) return 'All points are kept forever.'
  return `All points of a job are kept for ${counted(days, 'day')} after its end.`
}

function counted(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`
}
