import { boardToken, type Database, hasComparableJobs } from '@bestmark/db'
import { parse, usageOf } from '../../cli/parse.ts'
import { callerPath } from '../../cli/callerPath.ts'
import { writeOutFile } from '../../cli/outFile.ts'
import { openBoard } from '../../board/board.ts'
import { EXIT, Failure } from '../../failure.ts'
import { findJob } from '../../board/namedJob.ts'
import { noJobs } from '../compare/compare.ts'
import { REPORT } from './report.table.ts'
import { printFile } from '../../cli/terminal.ts'
import { buildPages } from '../up/build.ts'
import { servePages } from '../up/web.ts'
import { BusyLine } from '../../cli/busyLine.ts'

/** The time between two updates of the message while the pages are built (ms). */
const UPDATE_EVERY = 500

/** Prints a report, as on the page, as one file that needs no server. */
export async function main(words: readonly string[]): Promise<number> {
  const { args, values } = parse(words, REPORT)
  const { project, format, out } = values
  if ((project === undefined) === (args.JOB.length === 0)) {
    throw new Failure(`Name jobs, or a project with --project. ${usageOf(REPORT)}`)
  }
  await using board = await openBoard(process.env, { hasChildren: true })
  const address =
    project === undefined
      ? await jobsAddress(board.db, args.JOB, format)
      : await projectAddress(board.db, project, format)
  const build = (): Promise<string> => buildPages(new AbortController().signal)
  const pages = await withBusyLine('preparing the pages', build)
  const freePort = { host: '127.0.0.1', port: 0 }
  await using web = await servePages(freePort, board.home, pages, 'stderr')
  const { host, port } = web.address
  const headers = { authorization: `Bearer ${await boardToken(board.home)}` }
  const answer = await fetch(new URL(address, `http://${host}:${port}`), { headers })
  if (!answer.ok) throw new Failure(`Cannot make the report: the board answered ${answer.status}.`)
  const report = await answer.text()
  if (out === undefined) printFile(report)
  else await writeOutFile(callerPath(out), report)
  return EXIT.found
}

async function jobsAddress(db: Database, named: readonly string[], format: string) {
  const ids: string[] = []
  for (const name of named) ids.push((await findJob(db, name)).job_id)
  const [first] = ids
  return ids.length === 1
    ? `/jobs/${first}/report.${format}`
    : `/compare/report.${format}?jobs=${ids.join()}`
}

async function projectAddress(db: Database, project: string, format: string): Promise<string> {
  if (!(await hasComparableJobs(db, project))) throw noJobs(project)
  return `/compare/report.${format}?project=${encodeURIComponent(project)}`
}

async function withBusyLine<T>(text: string, work: () => Promise<T>): Promise<T> {
  using busyLine = new BusyLine()
  const timer = setInterval(() => busyLine.show(text), UPDATE_EVERY)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
