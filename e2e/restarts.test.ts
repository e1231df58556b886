import { execFileSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from '@bestmark/api/client'
import { expect, test } from 'vitest'
import { boardEnv, type RunningBoard, startBoard, temporaryFolder } from './board.ts'

/** The process that serves the pages of a board. */
function webServerOf({ pid }: RunningBoard): number | undefined {
  const listed = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
  const lines = listed.split('\n').map((line) => line.trim().split(/\s+/))
  const found = lines.find(([, parent, ...args]) => {
    return Number(parent) === pid && args.some((word) => word.endsWith('serve.ts'))
  })
  return found && Number(found[0])
}

/** The database server of a data folder, from its lock file. */
async function databaseOf(home: string): Promise<number> {
  const folder = (await readdir(home)).find((name) => /^postgres-\d+$/.test(name)) ?? ''
  return Number.parseInt(await readFile(join(home, folder, 'postmaster.pid'), 'utf8'), 10)
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look().catch(() => undefined)
    if (seen !== undefined) return seen
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

test('a killed web server and a killed database come back at the same address, and the rest keeps running', async () => {
  await using home = await temporaryFolder()
  await using board = await startBoard(boardEnv(home.path))
  const client = createClient(board)
  const step = async (): Promise<number | undefined> => {
    const { jobs } = await client.jobs.list.query({})
    return jobs.find(({ status }) => status === 'running')?.current_step ?? undefined
  }
  await until(step)

  const web = webServerOf(board)
  process.kill(web!, 'SIGKILL')
  const another = await until(async () => {
    const now = webServerOf(board)
    return now === web ? undefined : now
  })
  const before = await until(step)
  expect(board.printed()).toContain('The web server was killed by SIGKILL. It starts again in')

  const database = await databaseOf(home.path)
  process.kill(database, 'SIGKILL')
  await until(async () => ((await step()) ?? 0) > before || undefined)
  expect(await databaseOf(home.path)).not.toBe(database)
  expect(webServerOf(board)).toBe(another)
  expect((await board.interrupt()).code).toBe(0)
})

test('a web server that dies more often than --restarts ends the board with a message', async () => {
  await using home = await temporaryFolder()
  await using board = await startBoard(boardEnv(home.path), ['--no-demo', '--restarts', '1'])
  const first = webServerOf(board)
  process.kill(first!, 'SIGKILL')
  const second = await until(async () => {
    const now = webServerOf(board)
    return now === first ? undefined : now
  })
  process.kill(second, 'SIGKILL')
  expect(await board.ended).toBe(2)
  const why = 'It ended 2 times in a row, so it is not started again.'
  await expect.poll(board.printed).toContain(why)
})
