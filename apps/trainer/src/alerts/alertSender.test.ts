import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type DestinationInput, TrainingEvent } from '@bestmark/core'
import {
  addTestAlert,
  listAlerts,
  listRules,
  recordFacts,
  registerJob,
  removeRule,
  saveRule,
} from '@bestmark/db'
import { afterEach, expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { eventually } from '../testing.ts'
import { AlertSender, type SenderPace } from './alertSender.ts'
import { webhookServer } from './testing.ts'

const here = testBoard()
afterEach(async () => {
  for (const { rule_id } of await listRules(here.board.db)) await removeRule(here.board.db, rule_id)
})

const PACE: SenderPace = { round: 20, timeout: 5_000, lease: 60_000 }

const newRule = (destination: DestinationInput) => {
  const rule = { project: null, kinds: ['new_best' as const], evaluations: 5 }
  return saveRule(here.board.db, { ...rule, destination })
}

/** A sender of the test's board that must report no error. */
function sender(pace = PACE): AsyncDisposable {
  const errors: unknown[] = []
  const listener = {
    report: (error: unknown) => errors.push(error),
    databaseAnswered: () => undefined,
  }
  const one = new AlertSender(here.board.db, async () => 'http://board', listener, pace)
  const working = one.work()
  const dispose = async (): Promise<void> => {
    one.stop()
    await working
    expect(errors).toEqual([])
  }
  return { [Symbol.asyncDispose]: dispose }
}

/** Waits until no message is left to send; returns all, oldest first. */
const allSent = () =>
  eventually(async () => {
    const sent = (await listAlerts(here.board.db)).reverse()
    const isOver = sent.length > 0 && sent.every(({ delivered_at }) => delivered_at !== null)
    return isOver ? sent : undefined
  })

async function saveCheckpoint(job_id: string, step: number, eval_loss: number): Promise<void> {
  const events = [
    { type: 'evaluation', attempt: 0, step, values: { eval_loss } },
    { type: 'checkpoint', attempt: 0, step, path: `c-${step}`, files_state: 'complete' },
  ]
  await recordFacts(
    here.board.db,
    job_id,
    events.map((one) => TrainingEvent.parse(one)),
  )
}

async function newJob(name: string): Promise<string> {
  const job_id = randomUUID()
  const run = { job_id, root: `/runs/${job_id}`, name, project: 'p', source: 'journal' }
  await registerJob(here.board.db, { ...run, ...here.board, status: 'running' })
  return job_id
}

test('what is recorded arrives at the webhook of each rule, with a link to its job', async () => {
  await using server = await webhookServer()
  const job_id = await newJob('moby')
  await newRule({ type: 'slack', url: `${server.url}/slack` })
  await newRule({ type: 'discord', url: `${server.url}/discord` })
  await using _sender = sender()
  await saveCheckpoint(job_id, 100, 1)
  await allSent()
  await saveCheckpoint(job_id, 200, 0.5)
  await eventually(async () => server.received.length === 4 || undefined)
  const slack = server.received.filter(({ path }) => path === '/slack').map(({ body }) => body)
  expect(slack).toHaveLength(2)
  expect(slack[1]).toContain('Job moby: new best eval_loss 0.5 at step 200 (was 1 at 100)')
  expect(slack[1]).toContain(`<http://board/jobs/${job_id}|`)
})

test('a message that a receiver refuses waits, and does not delay other rules', async () => {
  await using refusing = await webhookServer((response) => {
    response.writeHead(404).end('no_service')
  })
  await using server = await webhookServer()
  const broken = await newRule({ type: 'slack', url: refusing.url })
  const working = await newRule({ type: 'slack', url: server.url })
  const first = await addTestAlert(here.board.db, broken)
  const second = await addTestAlert(here.board.db, working)
  await using _sender = sender()
  const [other, refused] = await eventually(async () => {
    const sent = await listAlerts(here.board.db)
    return sent.every(({ delivered_at, problem }) => delivered_at ?? problem) ? sent : undefined
  })
  expect(other).toMatchObject({ alert_id: second, problem: null })
  const problem = { code: 'http', status: 404, detail: 'no_service' }
  expect(refused).toMatchObject({ alert_id: first, delivered_at: null, tries: 1, problem })
  expect(refused?.next_try_at).toBeGreaterThan(Date.now())
})

test('two senders of one board send each message once', async () => {
  await using server = await webhookServer()
  const rule_id = await newRule({ type: 'webhook', url: server.url })
  for (let index = 0; index < 5; index++) await addTestAlert(here.board.db, rule_id)
  await using _one = sender()
  await using _two = sender()
  await allSent()
  expect(server.received).toHaveLength(5)
})

test('a message is sent again by the next sender if its sender is killed', async () => {
  const answers: (() => void)[] = []
  await using server = await webhookServer((response) => {
    answers.push(() => response.end())
  })
  const rule_id = await newRule({ type: 'webhook', url: server.url })
  await addTestAlert(here.board.db, rule_id)
  const path = fileURLToPath(new URL('senderTesting.ts', import.meta.url))
  const execArgv = ['--import', import.meta.resolve('@bestmark/db/loader')]
  const child = fork(path, { env: { ...process.env, ...here.env }, execArgv })
  const exited = once(child, 'exit')
  await eventually(async () => server.received.length > 0 || undefined)
  child.kill('SIGKILL')
  await exited
  expect(await listAlerts(here.board.db)).toMatchObject([{ delivered_at: null, tries: 1 }])
  await using _sender = sender({ ...PACE, timeout: 60_000 })
  await eventually(async () => server.received.length === 2 || undefined)
  answers[1]?.()
  expect(await allSent()).toMatchObject([{ tries: 2, problem: null }])
  expect(server.received[0]?.body).toBe(server.received[1]?.body)
})

test('a sender stops within moments while a receiver does not answer', async () => {
  await using server = await webhookServer(() => undefined)
  await addTestAlert(here.board.db, await newRule({ type: 'webhook', url: server.url }))
  {
    await using _sender = sender({ ...PACE, timeout: 3_600_000 })
    await eventually(async () => server.received.length > 0 || undefined)
  }
  const [left] = await listAlerts(here.board.db)
  expect(left).toMatchObject({ delivered_at: null, problem: null })
})
