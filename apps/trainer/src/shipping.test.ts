import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDeployment, listDeployments, standingFiles } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importRun } from './importing.ts'
import { writeSafetensors } from './recipes/safetensors.ts'
import { shipNext } from './shipping.ts'
import { eventually, temporaryFolder, writeOutput } from './testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** Long enough to copy that a kill falls into it. */
const LARGE = { shape: [15_000_000], data: new Float32Array(15_000_000) }

/** A run whose only checkpoint is ordered to be shipped as `moby`. */
async function ordered(home: string) {
  const [host_id, root] = [randomUUID(), join(home, 'run')]
  await writeOutput(root, { saves: [100], log: [{ step: 100, eval_loss: 1 }] })
  const weights = join(root, 'checkpoint-100', 'model.safetensors')
  await writeFile(weights, writeSafetensors({ w: LARGE }))
  const dispose = async (): Promise<void> => {}
  const board = { db, home, host_id, host: 'here', [Symbol.asyncDispose]: dispose }
  const { job_id } = await importRun(board, root, {})
  const [saved] = await standingFiles(db, job_id)
  await createDeployment(db, { job_id, checkpoint_id: saved!.checkpoint_id, model_name: 'moby' })
  const now = async () => (await listDeployments(db, { job_id }))[0]!
  return { host_id, job_id, weights, models: join(home, 'models', 'moby'), now }
}

/** An agent's shipping in a process of its own. */
function shipElsewhere(home: string, host_id: string) {
  const module = (name: string) => JSON.stringify(import.meta.resolve(name))
  const script = `
    const { openDatabase } = await import(${module('@bestmark/db')})
    const { shipNext } = await import(${module('./shipping.ts')})
    const db = await openDatabase(${JSON.stringify({ home, databaseUrl: db.databaseUrl })})
    await shipNext(db, ${JSON.stringify(host_id)}, ${JSON.stringify(home)}, new AbortController().signal)
    await db.close()`
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
}

test('a shipment whose agent was killed half-way is taken over whole by another, and nothing is left lying', async () => {
  await using home = await temporaryFolder()
  const { host_id, job_id, weights, models, now } = await ordered(home.path)
  await mkdir(models, { recursive: true })
  const child = shipElsewhere(home.path, host_id)
  const dead = once(child, 'exit')
  await eventually(async () => (await readdir(models))[0])
  child.kill('SIGKILL')
  await dead
  expect((await now()).status).toBe('copying')
  expect(await readdir(models)).not.toContain('current')
  const never = new AbortController().signal
  expect(await shipNext(db, host_id, home.path, never)).toBe(false)
  await db.sql`update deployments set advanced_at = advanced_at - 60000 where job_id = ${job_id}`
  expect(await shipNext(db, host_id, home.path, never)).toBe(true)
  const { status, bytes_done, bytes_total } = await now()
  expect([status, bytes_done]).toEqual(['done', bytes_total])
  const live = await readFile(join(models, 'current', 'model.safetensors'))
  expect(live.equals(await readFile(weights))).toBe(true)
  expect((await readdir(models)).filter((name) => name.startsWith('.'))).toEqual([])
})

test('an agent that slept while another one took its shipment over changes nothing when it wakes', async () => {
  await using home = await temporaryFolder()
  const { host_id, job_id, weights, models, now } = await ordered(home.path)
  await mkdir(models, { recursive: true })
  const child = shipElsewhere(home.path, host_id)
  const ended = once(child, 'exit')
  await eventually(async () => (await readdir(models))[0])
  child.kill('SIGSTOP')
  await db.sql`update deployments set advanced_at = advanced_at - 60000 where job_id = ${job_id}`
  expect(await shipNext(db, host_id, home.path, new AbortController().signal)).toBe(true)
  const done = await now()
  child.kill('SIGCONT')
  expect(await ended).toEqual([0, null])
  expect(await now()).toEqual(done)
  expect(done).toMatchObject({ status: 'done', error: null })
  const live = await readFile(join(models, 'current', 'model.safetensors'))
  expect(live.equals(await readFile(weights))).toBe(true)
  expect((await readdir(models)).filter((name) => name.startsWith('.'))).toEqual([])
})
