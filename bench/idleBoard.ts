import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { boardEnv, startBoard, temporaryFolder } from '../e2e/board.ts'
import { printLine } from './figures.ts'
import { descendants } from './webServer.ts'

/** How long the board may give memory back before it is measured (ms). */
const SETTLE = 75_000
/** Pages that are opened before. */
const PAGES = 60

/** The memory of an idle board with its database: after its start, and after pages were opened. */
export async function idleBoard(): Promise<void> {
  await using home = await temporaryFolder()
  await using board = await startBoard(boardEnv(home.path), ['--no-demo'])
  await sleep(SETTLE)
  const fresh = await memoryOf(board.pid, home.path)
  const headers = { authorization: `Bearer ${board.token}`, accept: 'text/html' }
  for (let page = 0; page < PAGES; page++) await (await fetch(board.url, { headers })).text()
  await sleep(SETTLE)
  const used = await memoryOf(board.pid, home.path)
  printLine(
    `  an idle board with its database: ${fresh} MB after its start, ${used} MB after ${PAGES} pages`,
  )
}

/**
 * The memory of a board's processes and of its database (MB). A page of memory that n processes share
 * counts as 1/n in each.
 */
async function memoryOf(board: number, home: string): Promise<number> {
  const ofDatabase = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const working = await Promise.all(
    ofDatabase.map(async (pid) => {
      const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '')
      return folder.startsWith(home) ? [Number(pid)] : []
    }),
  )
  const all = new Set([board, ...(await descendants(board)), ...working.flat()])
  const sizes = await Promise.all([...all].map(proportionalSize))
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e3)
}

/** Kilobytes; 0 if the process has ended. */
async function proportionalSize(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return 1.024 * Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0)
}
