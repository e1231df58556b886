import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  cancelOrder,
  jobStatus,
  listOrders,
  listRecipes,
  orderRuns,
  requestStop,
  type RunOrder,
} from '@bestmark/db'
import { beforeEach, expect, test, vi } from 'vitest'
import { agentOf, testBoard } from '../board/testing.ts'
import { RECIPES_FILE } from '../recipes/recipesFile.ts'
import { slurmWith } from '../slurm/jobsTesting.ts'
import { hasSlurm, PATIENCE, why } from '../slurm/testing.ts'
import { eventually } from '../testing.ts'
import { AGENT_OPTIONS } from './options.ts'

const here = testBoard()
const { call } = slurmWith(here)
const HASTY = { ...AGENT_OPTIONS, pace: { ...AGENT_OPTIONS.pace, backstop: 200, rest: 100 } }

/** Keeps its words, prints an evaluation, and waits for a signal if it shall. */
const PROGRAM = `
import { writeFileSync } from 'node:fs'
const [folder, note, mode] = process.argv.slice(2)
writeFileSync(folder + '/words.json', JSON.stringify(process.argv.slice(2)))
console.log(JSON.stringify({ step: 10, eval_loss: 2 }))
if (mode === 'wait') setInterval(() => undefined, 1_000)
`

const recipe = (name: string, directory: string, slurm: string) => `  ${name}:
    directory: ${directory}
    argv: [${process.execPath}, train.mjs, "{folder}", "{note}", "{mode}"]
    launcher: slurm
    slurm: ${slurm}
    at_once: 9
    parameters:
      note: { type: text, longest: 99, default: "" }
      mode: { type: choice, choices: [end, wait], default: end }
`

beforeEach(async () => {
  vi.stubEnv('DATABASE_URL', here.env.DATABASE_URL)
  await writeFile(join(here.path, 'train.mjs'), PROGRAM)
  const path = here.path
  const recipes = [
    recipe('now', path, '{ partition: high, time: "10" }'),
    recipe('held', path, '{ options: [--hold] }'),
    recipe('nowhere', path, '{ partition: nope }'),
  ]
  await writeFile(join(here.board.home, RECIPES_FILE), `recipes:\n${recipes.join('')}`)
})

/** Orders a run once the agent has published its recipes. */
async function ordered(name: string, values: Record<string, string> = {}): Promise<string> {
  const { db } = here.board
  await eventually(async () => (await listRecipes(db)).length === 3 || undefined)
  const order = { recipe: name, name: 'a run', project: 'p', runs: [values] }
  const [job_id = ''] = await orderRuns(db, order)
  return job_id
}

const orderOf = (job_id: string, holds: (order: RunOrder) => boolean) =>
  eventually(async () => {
    const order = (await listOrders(here.board.db)).find((one) => one.job_id === job_id)
    return order && holds(order) ? order : undefined
  })

const untilStatus = (job_id: string, wanted: string) =>
  eventually(async () => {
    const job = await jobStatus(here.board.db, job_id)
    return job?.status === wanted ? job : undefined
  })

test.skipIf(!hasSlurm)(
  `a recipe for Slurm trains in a job of Slurm, with the words as they were given${why}`,
  { timeout: PATIENCE },
  async () => {
    await using _agent = agentOf(here.board, HASTY)
    const note = `it's $(touch /tmp/no) "x"\n#SBATCH --partition=low`
    const job_id = await ordered('now', { note })
    const job = await untilStatus(job_id, 'completed')
    const words = await readFile(join(job.output_dir, 'words.json'), 'utf8')
    expect(JSON.parse(words)).toEqual([job.output_dir, note, 'end'])
    const order = await orderOf(job_id, ({ state }) => state === 'ended')
    expect(job.slurm).toMatchObject({ job_id: order.slurm_job_id, partition: 'high' })
    expect(job.slurm?.is_whole_job).toBe(true)
  },
)

test.skipIf(!hasSlurm)(
  `an order waits with the reason of Slurm, also for a later agent, and is cancelled there${why}`,
  { timeout: PATIENCE },
  async () => {
    let number: string | null = null
    const waits = ({ state, waits_for }: RunOrder) =>
      state === 'submitted' && waits_for === 'JobHeldUser'
    {
      await using _first = agentOf(here.board, HASTY)
      const job_id = await ordered('held')
      number = (await orderOf(job_id, waits)).slurm_job_id
    }
    await using _second = agentOf(here.board, HASTY)
    const { db } = here.board
    const order = (await listOrders(db)).find(({ slurm_job_id }) => slurm_job_id === number)
    expect(order?.has_job).toBe(false)
    await cancelOrder(db, order?.order_id ?? '')
    await eventually(
      async () => (await call('squeue', '-h', '-j', number ?? '')) === '' || undefined,
    )
    expect(await orderOf(order?.job_id ?? '', () => true)).toMatchObject({ state: 'cancelled' })
  },
)

test.skipIf(!hasSlurm)(
  `a run of Slurm is stopped from the board by scancel${why}`,
  { timeout: PATIENCE },
  async () => {
    await using _agent = agentOf(here.board, HASTY)
    const job_id = await ordered('now', { mode: 'wait' })
    await untilStatus(job_id, 'running')
    const { slurm_job_id } = await orderOf(job_id, ({ state }) => state === 'started')
    await requestStop(here.board.db, job_id)
    const job = await untilStatus(job_id, 'stopped')
    expect(job.end_cause?.code).toBe('cancelled')
    await eventually(async () => {
      const shown = await call('scontrol', 'show', 'job', slurm_job_id ?? '')
      return shown.includes('JobState=CANCELLED') || undefined
    })
  },
)

test.skipIf(!hasSlurm)(
  `an order that Slurm refuses has failed, with what Slurm says${why}`,
  { timeout: PATIENCE },
  async () => {
    await using _agent = agentOf(here.board, HASTY)
    const job_id = await ordered('nowhere')
    const { error } = await orderOf(job_id, ({ state }) => state === 'failed')
    expect(error).toContain('Invalid partition name')
  },
)
