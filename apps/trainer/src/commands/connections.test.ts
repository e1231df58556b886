import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hosts } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { BESTMARK, eventually } from '../testing.ts'

const here = testBoard()

/** A command as a process whose connections have a name of their own. */
function start(words: readonly string[], application: string) {
  const url = `${here.env.DATABASE_URL}${here.env.DATABASE_URL.includes('?') ? '&' : '?'}`
  const env = { ...here.env, DATABASE_URL: `${url}application_name=${application}` }
  const child = spawn(BESTMARK, words, {
    cwd: here.env.INIT_CWD,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  })
  return { child, exit: once(child, 'exit') }
}

async function connectionsOf(application: string): Promise<number> {
  const [row] = await here.board.db.sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity where application_name = ${application}`
  return row?.count ?? NaN
}

const PROGRAM = `
const { existsSync } = require('node:fs')
let step = 0
const log = () => {
  if (existsSync(process.argv[1])) return
  console.log(JSON.stringify({ step: ++step, loss: 1 / step }))
  setTimeout(log, 100)
}
log()`

test('a run needs one connection while it records, and an agent at most three', async () => {
  const go = join(here.path, 'go')
  const agent = start(['agent'], 'of_agent')
  const run = start(
    ['run', '--name', 'connected', '--', process.execPath, '-e', PROGRAM, go],
    'of_run',
  )
  await eventually(
    async () => ((await here.jobNamed('connected'))?.current_step ?? 0) > 20 || undefined,
  )
  await eventually(async () => (await hosts(here.board.db)).length > 0 || undefined)
  expect(await connectionsOf('of_run')).toBe(1)
  expect(await connectionsOf('of_agent')).toBeLessThanOrEqual(3)
  await writeFile(go, '')
  expect(await run.exit).toEqual([0, null])
  agent.child.kill('SIGTERM')
  expect(await agent.exit).toEqual([0, null])
})
