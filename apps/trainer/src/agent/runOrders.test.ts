import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  jobStatus,
  listCheckpoints,
  listOrders,
  listRecipes,
  orderResume,
  orderRuns,
  requestStop,
} from '@bestmark/db'
import { beforeEach, expect, test, vi } from 'vitest'
import { agentOf, testBoard } from '../board/testing.ts'
import { RECIPES_FILE } from '../recipes/recipesFile.ts'
import { eventually } from '../testing.ts'
import { AGENT_OPTIONS } from './options.ts'

const here = testBoard()
const HASTY = { ...AGENT_OPTIONS, pace: { ...AGENT_OPTIONS.pace, backstop: 200, rest: 100 } }

/** Trains like a HuggingFace program, from a checkpoint if it gets one; `wait` trains until a signal. */
const PROGRAM = `
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
const [folder, lr, mode, checkpoint] = process.argv.slice(2)
writeFileSync(folder + '/words.json', JSON.stringify(process.argv.slice(2)))
const log_history = checkpoint ? JSON.parse(readFileSync(checkpoint + '/trainer_state.json')).log_history : []
const first = log_history.length * 10
for (const step of [10, 20].map((one) => first + one)) {
  const at = folder + '/checkpoint-' + step
  mkdirSync(at, { recursive: true })
  log_history.push({ step, epoch: step, eval_loss: Number(lr) / step })
  writeFileSync(at + '/trainer_state.json', JSON.stringify({ global_step: step, max_steps: 40, log_history }))
  const header = JSON.stringify({ w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }).padEnd(64)
  const bytes = Buffer.alloc(76)
  bytes.writeBigUInt64LE(64n)
  bytes.write(header, 8)
  writeFileSync(at + '/model.safetensors', bytes)
}
if (mode === 'wait') setInterval(() => undefined, 1_000)
`

const RECIPES = (directory: string) => `recipes:
  tune:
    text: Tunes
    directory: ${directory}
    argv: [${process.execPath}, train.mjs, "{folder}", "{lr}", "{mode}"]
    resume_argv: [${process.execPath}, train.mjs, "{folder}", "{lr}", "{mode}", "{checkpoint}"]
    parameters:
      lr: { type: number, minimum: 0, maximum: 10, default: 1 }
      mode: { type: choice, choices: [end, wait], default: end }
  broken:
    directory: ${directory}
    argv: [no-such-program]
`

const ORDER = { recipe: 'tune', name: 'moby', project: 'whales' }

beforeEach(async () => {
  // The commands that the agent starts find the board of this test.
  vi.stubEnv('DATABASE_URL', here.env.DATABASE_URL)
  await writeFile(join(here.path, 'train.mjs'), PROGRAM)
  await writeFile(join(here.board.home, RECIPES_FILE), RECIPES(here.path))
})

async function untilRecipes(): Promise<void> {
  const { db } = here.board
  await eventually(async () => (await listRecipes(db)).length >= 2 || undefined)
}

const status = async (job_id: string) => jobStatus(here.board.db, job_id)
const untilStatus = (job_id: string, wanted: string) =>
  eventually(async () => {
    const job = await status(job_id)
    return job?.status === wanted ? job : undefined
  })

test('runs of a sweep start one after another, with their values, as the jobs that were ordered', async () => {
  await using _agent = agentOf(here.board, HASTY)
  await untilRecipes()
  const job_ids = await orderRuns(here.board.db, { ...ORDER, runs: [{ lr: 2 }, { lr: '3' }] })
  for (const [index, job_id] of job_ids.entries()) {
    const job = await eventually(async () => {
      const found = await status(job_id)
      return found?.best_step === 20 && found.ended_at !== null ? found : undefined
    })
    expect(job).toMatchObject({ name: `moby-${index + 1}`, project: 'whales' })
    expect(job.best_eval_loss).toBe((index + 2) / 20)
    const words = await readFile(join(job.output_dir, 'words.json'), 'utf8')
    expect(JSON.parse(words)).toEqual([job.output_dir, String(index + 2), 'end'])
  }
})

test('a run is stopped from the board, and resumed from its last checkpoint as the same job', async () => {
  await using _agent = agentOf(here.board, HASTY)
  await untilRecipes()
  const { db } = here.board
  const [job_id = ''] = await orderRuns(db, { ...ORDER, runs: [{ mode: 'wait' }] })
  await eventually(async () => (await status(job_id))?.best_step === 20 || undefined)
  await requestStop(db, job_id)
  await untilStatus(job_id, 'stopped')
  await orderResume(db, { job_id })
  await eventually(async () => (await status(job_id))?.best_step === 40 || undefined)
  await requestStop(db, job_id)
  await untilStatus(job_id, 'stopped')
  const saved = await listCheckpoints(db, job_id)
  expect(saved.map(({ step }) => step).sort()).toEqual([10, 20, 30, 40])
})

test('an order whose program cannot be started has failed, with the reason, and leaves no job', async () => {
  await using _agent = agentOf(here.board, HASTY)
  await untilRecipes()
  const order = { ...ORDER, recipe: 'broken', runs: [{}] }
  const [job_id] = await orderRuns(here.board.db, order)
  const failed = await eventually(async () => {
    const orders = await listOrders(here.board.db)
    return orders.find((one) => one.job_id === job_id && one.state === 'failed')
  })
  expect(failed.error).toContain('no-such-program')
  expect(failed.has_job).toBe(false)
})
