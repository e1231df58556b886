import type { TrainingEvent } from '@bestmark/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { createDeployment } from '../deployments/order.ts'
import { jobRow } from '../jobs/jobs.ts'
import { listJobs } from '../jobs/jobList.ts'
import { record } from '../record/record.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import {
  checkpoint,
  evaluation,
  event,
  metrics,
  newJob,
  started,
  recordEvents,
} from '../testRun.ts'
import { watchBoard } from './boardReader.ts'
import { RandomReader, randomOf, readAll } from './randomReader.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const NAMES = ['loss', 'lr', 'eval_loss', 'never_logged']
const SEED = Number(process.env['SEED'] ?? Date.now() % 1e9)

/**
 * Writes a run as real runs are written: with pauses, resumes from earlier steps, and a history
 * that is recorded again.
 */
class RandomRun {
  readonly #job_id: string
  readonly #random: () => number
  #attempt = 0
  #step = 0
  #cursor: string | null = null

  constructor(job_id: string, seed: number) {
    this.#job_id = job_id
    this.#random = randomOf(seed)
  }

  async write(times: number): Promise<void> {
    await recordEvents(db, this.#job_id, started())
    for (let time = 0; time < times; time++) {
      await this.#writeOnce()
      if (this.#random() < 0.3) await sleep(30 * this.#random())
    }
  }

  async #writeOnce(): Promise<void> {
    const dice = this.#random()
    if (dice < 0.06) await recordEvents(db, this.#job_id, this.#resume())
    else if (dice < 0.1) await this.#tellAnew()
    else if (dice < 0.15) await this.#ship()
    else await recordEvents(db, this.#job_id, ...this.#points())
  }

  #points(): TrainingEvent[] {
    const attempt = this.#attempt
    const events: TrainingEvent[] = []
    for (let left = 1 + Math.floor(4 * this.#random()); left > 0; left--) {
      const step = ++this.#step
      const values = this.#random() < 0.5 ? { loss: 1 / step } : { loss: 1 / step, lr: step }
      events.push(metrics(step, values, attempt))
      if (this.#random() < 0.2) events.push(evaluation(step, this.#random(), attempt))
      if (this.#random() < 0.2) events.push(checkpoint(step, attempt))
      const log = { type: 'log', attempt, at: step, level: 'info', text: `step ${step}` } as const
      if (this.#random() < 0.2) events.push(event(log))
    }
    return events
  }

  #resume(): TrainingEvent {
    this.#attempt++
    this.#step = Math.floor(this.#step * this.#random())
    return started(this.#attempt, this.#step)
  }

  async #tellAnew(): Promise<void> {
    this.#attempt = 0
    this.#step = 0
    const events = [started(), ...this.#points(), ...this.#points()]
    const [from, to] = [this.#cursor, `${Number(this.#cursor) + 1}`]
    await record(db, this.#job_id, { source: 'file', from, to, events, replace: true })
    this.#cursor = to
  }

  async #ship(): Promise<void> {
    const job_id = this.#job_id
    const rows = await listCheckpoints(db, job_id)
    const row = rows.find(({ files_state }) => files_state === 'complete')
    if (!row) return
    const order = { job_id, checkpoint_id: row.checkpoint_id, model_name: 'moby' }
    await createDeployment(db, { ...order, why: 'any' })
  }
}

test(`readers that join, lose their connection and continue at random see what a fresh read sees (seed ${SEED})`, async () => {
  const job_id = await newJob(db)
  const random = randomOf(SEED)
  let last = Infinity
  const writing = new RandomRun(job_id, SEED).write(100).then(async () => {
    last = (await jobRow(db, job_id))!.revision + 1
    // Readers that wait since the last write are woken once more.
    await recordEvents(db, job_id, event({ type: 'heartbeat', at: 1 }))
  })
  const readers = Array.from({ length: 16 }, (_, index) => {
    return new RandomReader(db, job_id, NAMES, SEED + index)
  })
  const reading = readers.map(async (reader) => {
    await sleep(500 * random())
    await reader.follow(() => last)
  })
  await Promise.all([writing, ...reading])
  const fresh = await readAll(db, job_id, NAMES)
  for (const { seen } of readers) {
    expect(seen).toEqual(fresh)
  }
})

test(`readers of the whole board that lose their connection at random get each job's last state (seed ${SEED})`, async () => {
  const random = randomOf(SEED)
  const jobs = await Promise.all(Array.from({ length: 8 }, () => newJob(db)))
  const runs = jobs.map((job_id, index) => new RandomRun(job_id, SEED + index).write(25))
  let isWritten = false
  let reading = 6
  // So that no reader waits for changes after the last write.
  const beats = await newJob(db)
  const beating = async (): Promise<void> => {
    for (; reading > 0; await sleep(50)) await recordEvents(db, beats, metrics(1, { loss: 1 }))
  }
  const read = async (): Promise<void> => {
    await sleep(500 * random())
    const page = await listJobs(db, { limit: 200 })
    const seen = new Map(Object.entries(page.revisions))
    let since = page.board_revision
    for (let isOver = false; !isOver;) {
      for await (const { delta, board_revision } of watchBoard(db, since, NEVER)) {
        since = board_revision
        seen.set(delta.job_id, Math.max(seen.get(delta.job_id) ?? 0, delta.revision))
        if (random() < 0.3) break
      }
      if (!isWritten) continue
      const { revisions } = await listJobs(db, { limit: 200 })
      isOver = jobs.every((job_id) => seen.get(job_id) === revisions[job_id])
    }
    reading--
  }
  const writing = Promise.all(runs).then(() => (isWritten = true))
  await Promise.all([writing, beating(), ...Array.from({ length: 6 }, read)])
})

test('a write that commits after later ones reaches a reader of every job', async () => {
  const { board_revision } = await listJobs(db)
  const [slow, quick] = [await newJob(db), await newJob(db)]
  const [committed, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const transaction = db.sql.begin(async (tx) => {
    await tx`
      update training_jobs set revision = revision + 1, loss = 7,
        board_revision = pg_current_xact_id()::text::bigint
      where job_id = ${slow}`
    written.resolve()
    await committed.promise
  })
  await written.promise
  let since = board_revision
  await recordEvents(db, quick, metrics(1, { loss: 1 }))
  for await (const { delta, board_revision: revision } of watchBoard(db, since, NEVER)) {
    since = revision
    if (delta.status.loss === 1) break
  }
  committed.resolve()
  await transaction
  for await (const { delta } of watchBoard(db, since, NEVER)) if (delta.status.loss === 7) break
})

test("a reader with another board's revision gets everything", async () => {
  const job_id = await newJob(db)
  const ids = new Set<string>()
  for await (const { delta } of watchBoard(db, 1e15, NEVER)) {
    ids.add(delta.job_id)
    if (delta.job_id === job_id) break
  }
  expect(ids.size).toBeGreaterThan(1)
})

const NEVER = new AbortController().signal
