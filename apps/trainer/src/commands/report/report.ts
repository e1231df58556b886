import { boardToken } from '@bestmark/db'
import { parse } from '../../cli/parse.ts'
import { openBoard } from '../../board/board.ts'
import { EXIT, Failure } from '../../failure.ts'
import { findJob } from '../../board/namedJob.ts'
import { REPORT } from './report.table.ts'
import { selfContained } from './page.ts'
import { printFile } from '../../cli/terminal.ts'
import { buildPages } from '../up/build.ts'
import { servePages } from '../up/web.ts'
import { BusyLine } from '../../cli/busyLine.ts'

/** The time between two updates of the message while the pages are built (ms). */
const UPDATE_EVERY = 500

/** Prints a job's report, as on the page, as one HTML file that needs no server. */
export async function main(words: readonly string[]): Promise<number> {
  const { args } = parse(words, REPORT)
  await using board = await openBoard(process.env, { hasChildren: true })
  const { job_id } = await findJob(board.db, args.JOB)
  const build = (): Promise<string> => buildPages(new AbortController().signal)
  const pages = await withBusyLine('preparing the pages', build)
  const freePort = { host: '127.0.0.1', port: 0 }
  await using web = await servePages(freePort, board.home, pages, 'stderr')
  const { host, port } = web.address
  const page = new URL(`http://${host}:${port}/jobs/${job_id}/report`)
  const headers = { authorization: `Bearer ${await boardToken(board.home)}` }
  const read = async (href: string): Promise<string> => {
    const answer = await fetch(new URL(href, page), { headers })
    if (answer.ok) return answer.text()
    throw new Failure(`Cannot make the report: ${href} answered ${answer.status}.`)
  }
  printFile(await selfContained(await read(page.href), read))
  return EXIT.found
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
