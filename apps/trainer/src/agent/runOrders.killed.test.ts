import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ClaimedOrder,
  listOrders,
  orderRuns,
  publishRecipes,
  recordHostAlive,
} from '@bestmark/db'
import { beforeAll, expect, test, vi } from 'vitest'
import { agentOf, testBoard } from '../board/testing.ts'
import { startOrdered } from '../recipes/orderedRun.ts'
import { readRecipes, RECIPES_FILE, shownRecipes } from '../recipes/recipesFile.ts'
import { eventually } from '../testing.ts'
import { AGENT_OPTIONS } from './options.ts'

const here = testBoard()
const HASTY = { ...AGENT_OPTIONS, pace: { ...AGENT_OPTIONS.pace, backstop: 200, rest: 100 } }

/** Notes each start. */
const PROGRAM = `
import { appendFileSync } from 'node:fs'
appendFileSync(process.argv[2], 'started ')
console.log(JSON.stringify({ step: 1, loss: 1 }))
`
const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

/** Takes an order as an agent does, starts it if it should, and waits to be killed. */
const TAKING = (doesStart: boolean) => `
const { claimOrder } = await import(${JSON.stringify(import.meta.resolve('@bestmark/db'))})
const { openBoard } = await import(${at('../board/board.ts')})
const { startOrdered } = await import(${at('../recipes/orderedRun.ts')})
const { readRecipes } = await import(${at('../recipes/recipesFile.ts')})
const { db, host_id, home } = await openBoard()
const order = await claimOrder(db, host_id)
const recipe = (await readRecipes(home)).get(order.recipe)
if (${doesStart}) await startOrdered(order, recipe, home)
console.log('taken')
setInterval(() => undefined, 1_000)
`

beforeAll(async () => {
  await writeFile(join(here.path, 'train.mjs'), PROGRAM)
  const argv = `[${process.execPath}, train.mjs, "{mark}"]`
  const parameters = 'parameters: { mark: { type: text } }'
  const recipe = `directory: ${here.path}\n    argv: ${argv}\n    ${parameters}`
  await writeFile(join(here.board.home, RECIPES_FILE), `recipes:\n  tune:\n    ${recipe}\n`)
  const { db, host_id, home } = here.board
  await recordHostAlive(db, { host_id, hostname: 'gpu' })
  await publishRecipes(db, host_id, shownRecipes(await readRecipes(home)))
})

const starts = (mark: string) => readFile(mark, 'utf8').catch(() => '')

test.each([
  ['before it started it', false],
  ['after it started it, and before it said so', true],
])('an order whose agent is killed %s is started once', async (_when, doesStart) => {
  vi.stubEnv('DATABASE_URL', here.env.DATABASE_URL)
  const { db } = here.board
  const mark = join(here.path, `starts-${doesStart}`)
  const [job_id] = await orderRuns(db, {
    recipe: 'tune',
    name: 'm',
    project: 'p',
    runs: [{ mark }],
  })
  const loader = ['--import', import.meta.resolve('@bestmark/db/loader'), '--input-type=module']
  const killed = spawn(process.execPath, [...loader, '-e', TAKING(doesStart)], {
    env: { ...process.env, ...here.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(killed.stdout, 'data')
  if (doesStart) await eventually(async () => (await starts(mark)) || undefined)
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  const stateOf = async () => (await listOrders(db)).find((one) => one.job_id === job_id)?.state
  expect(await stateOf()).toBe('starting')
  // Its agent was silent for a minute.
  await db.sql`update run_orders set taken_at = taken_at - 60000`
  await using _agent = agentOf(here.board, HASTY)
  await eventually(async () => ((await stateOf()) === 'starting' ? undefined : true))
  await eventually(async () => (await starts(mark)) || undefined)
  await eventually(async () => {
    const [job] = await db.sql`select status from training_jobs where job_id = ${job_id ?? ''}`
    return job?.['status'] === 'completed' || undefined
  })
  expect(await starts(mark)).toBe('started ')
})

test('a resumed run whose agent is killed is not taken for started because of its first attempt', async () => {
  const { home } = here.board
  const root = join(here.path, 'earlier')
  await mkdir(root)
  await writeFile(join(root, 'process.json'), '{}')
  const order: ClaimedOrder = {
    ...{ order_id: randomUUID(), job_id: randomUUID(), recipe: 'tune', name: 'm', project: 'p' },
    ...{ parameters: {}, was_taken: true, resumes: { root, absolute_path: null } },
  }
  const recipe = { text: '', argv: ['x'], resume_argv: ['x'], directory: '/', parameters: {} }
  const start = () => startOrdered(order, { ...recipe, at_once: 1, launcher: 'agent' }, home)
  // It goes on to start it, which needs a checkpoint.
  await expect(start()).rejects.toThrow('no complete checkpoint')
  await writeFile(join(home, 'orders', `${order.order_id}.log`), '')
  await expect(start()).rejects.toThrow('was killed while it resumed the run')
})
