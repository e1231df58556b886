import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shipNext } from './shipping.ts'
import { shipElsewhere, shippedRun } from './testing.ts'
import { eventually, temporaryFolder } from '../testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** Long enough to copy that a kill falls into it. */
const LARGE = 15_000_000

/** A run whose only checkpoint is ordered to be shipped. */
async function ordered(home: string) {
  const run = await shippedRun(db, home, LARGE)
  await run.order()
  return run
}

test('a shipment of a killed agent is taken over by another agent, and no unfinished files stay', async () => {
  await using home = await temporaryFolder()
  const { host_id, job_id, weights, models, now } = await ordered(home.path)
  await mkdir(models, { recursive: true })
  const child = shipElsewhere(db, home.path, host_id)
  const dead = once(child, 'exit')
  await eventually(async () => (await readdir(models))[0])
  child.kill('SIGKILL')
  await dead
  expect((await now()).status).toBe('copying')
  expect(await readdir(models)).not.toContain('current')
  const never = new AbortController().signal
  expect(await shipNext(db, host_id, home.path, never)).toBe(false)
  await db.sql`update deployments set advanced_at = advanced_at - 60000
    where job_id = ${job_id} and ended_at is null`
  expect(await shipNext(db, host_id, home.path, never)).toBe(true)
  const { status, bytes_done, bytes_total } = await now()
  expect([status, bytes_done]).toEqual(['done', bytes_total])
  const live = await readFile(join(models, 'current', 'model.safetensors'))
  expect(live.equals(await readFile(weights))).toBe(true)
  expect((await readdir(models)).filter((name) => name.startsWith('.'))).toEqual([])
})

/**
 * Puts an agent to sleep between two transactions. In a transaction it would lock its rows for a
 * minute.
 */
async function putToSleep(child: ChildProcess): Promise<void> {
  for (;;) {
    child.kill('SIGSTOP')
    const working = await db.sql`
      select from pg_stat_activity
      where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`
    if (working.length === 0) return
    child.kill('SIGCONT')
    await sleep(1)
  }
}

test('an agent that slept while another one took over its shipment changes nothing when it wakes', async () => {
  await using home = await temporaryFolder()
  const { host_id, job_id, weights, models, now } = await ordered(home.path)
  await mkdir(models, { recursive: true })
  const child = shipElsewhere(db, home.path, host_id)
  const ended = once(child, 'exit')
  await eventually(async () => (await readdir(models))[0])
  await putToSleep(child)
  await db.sql`update deployments set advanced_at = advanced_at - 60000
    where job_id = ${job_id} and ended_at is null`
  expect(await shipNext(db, host_id, home.path, new AbortController().signal)).toBe(true)
  const done = await now()
  child.kill('SIGCONT')
  expect(await ended).toEqual([0, null])
  expect(await now()).toEqual(done)
  expect(done).toMatchObject({ status: 'done', error: null })
  const live = await readFile(join(models, 'current', 'model.safetensors'))
  expect(live.equals(await readFile(weights))).toBe(true)
  expect((await readdir(models)).filter((name) => name.startsWith('.'))).toEqual([])
}, 180_000)
