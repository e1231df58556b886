import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TrainingEvent } from '@bestmark/core'
import {
  createDeployment,
  jobStatus,
  listDeployments,
  recordFacts,
  currentFiles,
} from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Digests } from '../agent/digests.ts'
import { zip } from '../checkpoints/testing.ts'
import { importRun } from './importRun.ts'
import { shipNext } from '../shipping/shipping.ts'
import { sweepJob } from './sweep.ts'
import { temporaryFolder, weightsOf, writeOutput } from '../testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const never = new AbortController().signal
const RATE = 1e9

/** A finished run whose best is step 200, imported. */
async function aRun() {
  const home = await temporaryFolder()
  const [host_id, root] = [randomUUID(), join(home.path, 'run')]
  const log = [100, 200, 300].map((step) => ({ step, eval_loss: Math.abs(step - 200) + 1 }))
  await writeOutput(root, { saves: [100, 200, 300], log })
  const board = {
    db,
    home: home.path,
    host_id,
    host: 'here',
    [Symbol.asyncDispose]: async () => {},
  }
  const { job_id } = await importRun(board, root, {})
  const job = { job_id, root, source: 'huggingface' }
  const files = async (step: number) =>
    (await currentFiles(db, job_id)).find((row) => row.step === step)!
  return {
    ...{ ...home, home: home.path, host_id, job_id, root, files },
    at: (step: number) => join(root, `checkpoint-${step}`),
    best: async () => (await jobStatus(db, job_id))?.best_step,
    sweep: () => sweepJob(db, job),
    digest: async () => {
      const digesting = new Digests(db, host_id, RATE)
      while (await digesting.next(never));
    },
    ship: async (step: number) => {
      const { checkpoint_id } = await files(step)
      await createDeployment(db, { job_id, checkpoint_id, model_name: 'moby', why: 'a test' })
      await shipNext(db, host_id, home.path, never)
      return (await listDeployments(db, { job_id }))[0]!
    },
  }
}

test('if the file of the best is incomplete, the next is best until the file is complete again', async () => {
  await using run = await aRun()
  const weights = join(run.at(200), 'model.safetensors')
  const whole = await readFile(weights)
  expect([await run.sweep(), await run.best()]).toEqual([0, 200])
  await truncate(weights, whole.length - 1)
  expect([await run.sweep(), await run.best()]).toEqual([1, 100])
  const why = `model.safetensors is cut short: ${whole.length - 1} of ${whole.length} bytes`
  expect(await run.files(200)).toMatchObject({ files_state: 'broken', files_why: why })
  await writeFile(weights, whole)
  expect([await run.sweep(), await run.best()]).toEqual([1, 200])
  await rename(run.at(200), join(run.root, 'away'))
  expect([await run.sweep(), await run.best()]).toEqual([1, 100])
  expect(await run.files(200)).toMatchObject({ files_state: 'missing', kind: 'full' })
  await rename(join(run.root, 'away'), run.at(200))
  expect([await run.sweep(), await run.best(), await run.sweep()]).toEqual([1, 200, 0])
})

test('the digest equals the output of sha256sum, and is computed again when files change', async () => {
  await using run = await aRun()
  await mkdir(join(run.at(200), 'tokenizer'))
  await writeFile(join(run.at(200), 'tokenizer', 'vocab.json'), '{}')
  await run.sweep()
  await run.digest()
  const listing = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum"
  const printed = execFileSync('sh', ['-c', `${listing} | sha256sum`], { cwd: run.at(200) })
  const { digest } = await run.files(200)
  expect(digest).toBe(printed.toString().split(' ')[0])
  await writeFile(join(run.at(200), 'README.md'), 'read me')
  await run.sweep()
  expect((await run.files(200)).digest).toBeNull()
  await run.digest()
  expect((await run.files(200)).digest).not.toBe(digest)
})

test('files that disappear while their digest is computed cause no error', async () => {
  await using run = await aRun()
  await rm(run.at(100), { recursive: true })
  await run.digest()
  expect((await run.files(100)).digest).toBeNull()
  expect((await run.files(200)).digest).not.toBeNull()
})

test('a checkpoint is checked right before it is shipped, and its digest is the stored one', async () => {
  await using run = await aRun()
  await run.digest()
  const done = await run.ship(200)
  expect(done).toMatchObject({ status: 'done', error: null })
  const manifest = JSON.parse(await readFile(join(done.absolute_path!, 'bestmark.json'), 'utf8'))
  expect(manifest.source_digest).toBe((await run.files(200)).digest)
  await truncate(join(run.at(100), 'model.safetensors'), 3)
  const refused = await run.ship(100)
  expect(refused.error).toMatch(/^The files of checkpoint-100 are broken \(model.safetensors .+/)
  expect((await run.files(100)).files_state).toBe('broken')
})

test('bytes that changed without a write are not shipped, and another checkpoint is best', async () => {
  await using run = await aRun()
  const weights = join(run.at(200), 'model.safetensors')
  const then = new Date('2026-01-01')
  await utimes(weights, then, then)
  await run.sweep()
  await run.digest()
  await writeFile(weights, weightsOf(7))
  await utimes(weights, then, then)
  const failed = await run.ship(200)
  expect(failed.error).toContain('was damaged on its disk')
  expect(await run.files(200)).toMatchObject({ files_state: 'broken', files_fault: 'damaged' })
  expect([await run.sweep(), await run.best()]).toEqual([0, 100])
})

for (const files_fault of ['damaged', 'state_unreadable'] as const) {
  test(`a check keeps the fault ${files_fault} in any words, until the files change`, async () => {
    await using run = await aRun()
    await run.sweep()
    const { attempt, step, path, signature } = await run.files(200)
    const words = { files_state: 'broken', files_why: 'words of another version' }
    const event = { type: 'files', attempt, step, path, signature, ...words, files_fault }
    await recordFacts(db, run.job_id, [TrainingEvent.parse(event)])
    expect([await run.sweep(), await run.best()]).toEqual([0, 100])
    await writeFile(join(run.at(200), 'model.safetensors'), weightsOf(7))
    expect([await run.sweep(), await run.best()]).toEqual([1, 200])
    expect(await run.files(200)).toMatchObject({ files_state: 'complete', files_fault: null })
  })
}

test('a check compares the code of a fault, and never its words', async () => {
  await using run = await aRun()
  await truncate(join(run.at(200), 'model.safetensors'), 3)
  await run.sweep()
  const { attempt, step, path, signature, files_fault } = await run.files(200)
  expect(files_fault).toBe('cut_short')
  const record = async (fault: string | null, files_why: string | null) => {
    const state = { files_state: 'broken', files_fault: fault, files_why }
    const event = { type: 'files', attempt, step, path, signature, ...state }
    await recordFacts(db, run.job_id, [TrainingEvent.parse(event)])
  }
  await record('cut_short', 'words of another version')
  expect(await run.sweep()).toBe(0)
  const { files_why } = await run.files(200)
  await record('only_zeros', files_why)
  expect(await run.sweep()).toBe(1)
  // An older version stored no code.
  await record(null, files_why)
  expect([await run.sweep(), await run.sweep()]).toEqual([1, 0])
  expect(await run.files(200)).toMatchObject({ files_state: 'broken', files_fault: 'cut_short' })
})

test('a checkpoint that is one file gets a digest, is shipped and can be missing like any other', async () => {
  await using run = await aRun()
  await writeFile(join(run.root, 'best.ckpt'), zip())
  const sha = execFileSync('sh', ['-c', 'sha256sum best.ckpt'], { cwd: run.root }).toString()
  const saved = { type: 'checkpoint', attempt: 0, step: 400, path: 'best.ckpt' }
  await recordFacts(db, run.job_id, [TrainingEvent.parse({ ...saved, files_state: 'complete' })])
  await run.sweep()
  await run.digest()
  expect((await run.files(400)).digest).toBe(sha.split(' ')[0])
  const { absolute_path: path } = await run.ship(400)
  expect(await readFile(join(path!, 'best.ckpt'))).toEqual(zip())
})
