import { measuredJson } from '@bestmark/core'
import { jobLogPage, jobLogs, type LogLine } from '@bestmark/db'
import { findJob } from '../board/namedJob.ts'
import { openBoard, type Board } from '../board/board.ts'
import { parse } from '../cli/parse.ts'
import { print } from '../cli/terminal.ts'
import { EXIT } from '../failure.ts'
import { OUTPUT_COMMAND } from './output.table.ts'

/** How many lines are read at once. */
const PAGE = 5_000

/** Prints the stored output of a job, oldest line first. Returns 1 if no line matches. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, OUTPUT_COMMAND)
  const { json, last, ...filter } = values
  await using board = await openBoard()
  const { job_id } = await findJob(board.db, args.JOB)
  const pages =
    last === undefined
      ? allLines(board, job_id, filter)
      : [await jobLogs(board.db, job_id, { ...filter, limit: last })]
  let any = false
  for await (const lines of pages) {
    print(...lines.map((line) => (json ? measuredJson(line) : line.text)))
    any ||= lines.length > 0
  }
  return any ? EXIT.found : EXIT.nothing
}

/** All lines that match, a page at a time. */
async function* allLines(
  { db }: Board,
  job_id: string,
  filter: { search?: string | undefined; level?: LogLine['level'] | undefined },
): AsyncGenerator<LogLine[]> {
  let after: number | null = -1
  while (after !== null) {
    const page = await jobLogPage(db, job_id, { ...filter, after, order: 'oldest', limit: PAGE })
    yield page.lines
    after = page.newer
  }
}
