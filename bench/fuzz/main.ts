import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TrainingJobStatus } from '@bestmark/core'
import { boardToken } from '@bestmark/db'
import { openBoard } from '../../apps/trainer/src/board/board.ts'
import { print } from '../../apps/trainer/src/cli/terminal.ts'
import { buildPages } from '../../apps/trainer/src/commands/up/build.ts'
import { servePages } from '../../apps/trainer/src/commands/up/web.ts'
import { fuzz } from './fuzz.ts'

/** `pnpm fuzz [SEED [CASE]]`: mutated runs through reading, recording and both pages, for minutes. */
const CASES = 2_000

const printLine = (line: string): void => print(`${line}\n`)
const [seed = Date.now() % 1_000_000, only] = process.argv.slice(2).map(Number)
const folder = await mkdtemp(join(tmpdir(), 'bestmark-fuzz-'))
printLine(
  `seed ${seed}; runs with a fault stay in ${folder}; pnpm fuzz ${seed} CASE repeats a case`,
)
await using board = await openBoard({ ...process.env, BESTMARK_HOME: join(folder, 'board') })
const pages = await buildPages(new AbortController().signal)
await using web = await servePages({ host: '127.0.0.1', port: 0 }, board.home, pages, 'stderr')
const headers = { authorization: `Bearer ${await boardToken(board.home)}` }

async function readPages({ job_id }: TrainingJobStatus): Promise<void> {
  const { host, port } = web.address
  for (const page of ['', '/report']) {
    const answer = await fetch(`http://${host}:${port}/jobs/${job_id}${page}`, { headers })
    const html = await answer.text()
    if (!answer.ok || !html.includes('</html>')) {
      throw new Error(`the page /jobs/${job_id}${page} was answered with ${answer.status}`)
    }
  }
}

const faults = await fuzz(board, { seed, cases: CASES, folder, readPages, printLine }, only)
printLine(`${only === undefined ? CASES : 1} cases, ${faults.length} faults`)
process.exitCode = faults.length > 0 ? 1 : 0
