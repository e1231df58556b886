import { join } from 'node:path'
import {
  createDeployment,
  jobStatus,
  listCheckpoints,
  listDeployments,
  registerJob,
} from '@bestmark/db'
import { expect, test, vi } from 'vitest'
import { agentOf, testBoard } from '../board/testing.ts'
import { importRun } from '../recording/importRun.ts'
import { eventually, makeOld, writeOutput } from '../testing.ts'
import { AGENT_OPTIONS } from './options.ts'

const here = testBoard()

/** An hour: within a test nothing is found by looking. */
const NEVER = 3_600_000
/** All work that needs no query is done much more often than the database is asked. */
const RESTLESS = { ...AGENT_OPTIONS.pace, round: 1, silence: 1, rest: 1 }
/** Queries per pass of the backstop: 0.1 per second, at the pace of a real agent. */
const FEW = 0.1 * (AGENT_OPTIONS.pace.backstop / 1_000)

async function finishedRun(name: string): Promise<string> {
  const root = join(here.path, name)
  const log = [100, 200, 300].map((step) => ({ step, eval_loss: Math.abs(step - 200) + 1 }))
  await writeOutput(root, { saves: [100, 200, 300], log: [...log, { step: 1000, loss: 1 }] })
  await makeOld(root)
  const { job_id } = await importRun(here.board, root, {})
  return job_id
}

/** The queries of the board, and how many of them say that the agent is alive. */
function counted() {
  const queries: string[] = []
  const isBeat = (query: string): boolean => query.startsWith('insert into "hosts"')
  here.board.db.sql.options.debug = (_connection, query) => void queries.push(query)
  const stop = (): void => {
    here.board.db.sql.options.debug = false
  }
  const beats = () => queries.filter(isBeat).length
  return { queries, beats, [Symbol.dispose]: stop }
}

// Where Citus refuses the one statement of a heartbeat, it is two.
test.skipIf(process.env['TEST_CITUS_URL'])(
  'an idle agent asks the database at most 0.1 times per second, though it looks at its files',
  async () => {
    for (const name of ['one', 'two', 'three']) await finishedRun(name)
    await using _agent = agentOf(here.board, {
      ...AGENT_OPTIONS,
      pace: { ...RESTLESS, backstop: 50 },
    })
    using count = counted()
    // The first passes read all jobs and digests.
    await eventually(async () => count.beats() >= 20 || undefined)
    count.queries.length = 0
    await eventually(async () => count.beats() >= 60 || undefined)
    const others = count.queries.filter((query) => !query.includes('"hosts"'))
    expect(count.queries.length / count.beats(), others.join('\n')).toBeLessThanOrEqual(FEW)
  },
)

test('an order begins without a look at the database', async () => {
  const job_id = await finishedRun('ordered')
  await using _agent = agentOf(here.board, {
    ...AGENT_OPTIONS,
    pace: { ...RESTLESS, backstop: NEVER },
  })
  const { best_checkpoint_id } = (await jobStatus(here.board.db, job_id))!
  // The agent listens as soon as it has digests, which come after its first look.
  await eventually(async () => {
    const saved = await listCheckpoints(here.board.db, job_id)
    return saved.every(({ digest }) => digest !== null) || undefined
  })
  for (const model_name of ['first', 'second']) {
    await createDeployment(here.board.db, {
      job_id,
      checkpoint_id: best_checkpoint_id!,
      model_name,
    })
    await vi.waitFor(
      async () => {
        const [shipped] = await listDeployments(here.board.db, { model_name })
        expect(shipped).toMatchObject({ status: 'done' })
      },
      { timeout: 10_000 },
    )
  }
})

test('a job that another process registers is recorded without a look at the database', async () => {
  const root = join(here.path, 'registered')
  await writeOutput(root, { saves: [100], log: [{ step: 100, eval_loss: 1 }] })
  const { host_id, host, db } = here.board
  const job_id = await finishedRun('before')
  await using _agent = agentOf(here.board, {
    ...AGENT_OPTIONS,
    pace: { ...RESTLESS, backstop: NEVER },
  })
  await eventually(async () => {
    const saved = await listCheckpoints(db, job_id)
    return saved.every(({ digest }) => digest !== null) || undefined
  })
  const registered = { job_id: '11111111-2222-4333-8444-555555555555', root, host_id, host }
  const named = {
    name: 'registered',
    project: 'tests',
    source: 'huggingface',
    status: 'running',
  } as const
  await registerJob(db, { ...registered, ...named })
  await eventually(async () => {
    const job = await jobStatus(db, registered.job_id)
    return job?.current_step === 100 || undefined
  })
})
