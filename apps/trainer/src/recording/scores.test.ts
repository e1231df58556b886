import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jobLogs, jobStatus, listCheckpoints, registerJob, selectionOf } from '@bestmark/db'
import { readStoredRows, type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { rowsFrom, select, JOURNAL } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openJournal } from '../journal/write.ts'
import { followJournal, recordRun } from './journal.ts'
import { recordScores } from './scores.ts'
import { readRun } from '../sources/readRun.ts'
import { eventually, temporaryFolder, weightsOf } from '../testing.ts'
import { appendScores, SCORES } from '../sources/scores/scoresFile.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A run that declared acc and has two checkpoints, registered and not yet recorded. */
async function writeRun(folder: string) {
  const job_id = crypto.randomUUID()
  const named = { name: 'scored', project: 'tests' }
  using journal = openJournal(folder, { journal: 1, job_id, ...named, recipe: 'none' })
  const declared = { metric_for_best: 'acc', declared_by: 'a test' }
  journal.append({ type: 'started', attempt: 0, at: 1, total_steps: 300, ...declared })
  for (const step of [100, 200]) {
    const path = `checkpoint-${step}`
    await mkdir(join(folder, path), { recursive: true })
    await writeFile(join(folder, path, 'model.safetensors'), weightsOf(step))
    journal.append({ type: 'evaluation', attempt: 0, step, values: { eval_loss: step } })
    journal.append({ type: 'checkpoint', attempt: 0, step, path, files_state: 'complete' })
  }
  const where = { host_id: crypto.randomUUID(), host: 'here', root: folder, source: JOURNAL }
  await registerJob(db, { job_id, ...where, ...named, status: 'running' })
  return { job_id, folder }
}

const scoreOf = (step: number, acc: number) => {
  const weights = { path: `checkpoint-${step}`, attempt: 0, step }
  return { score: 1, at: 2, ...weights, values: { acc }, by: 'ana' } as const
}

async function bestOf(job_id: string) {
  const best = (await selectionOf(db, job_id))?.best
  return best && { step: best.step, value: best.value }
}

test('a score beside a growing run reaches the board and does not count as training', async () => {
  await using folder = await temporaryFolder()
  const run = await writeRun(folder.path)
  const over = new AbortController()
  const following = followJournal(db, run, over.signal, (error) => expect.fail(String(error)))
  const before = await eventually(async () => {
    const status = await jobStatus(db, run.job_id)
    return status?.eval_loss === 200 ? status : undefined
  })
  appendScores(folder.path, [scoreOf(100, 0.9), scoreOf(200, 0.5)])
  await eventually(async () => (await bestOf(run.job_id)) ?? undefined)
  over.abort()
  await following
  expect(await bestOf(run.job_id)).toEqual({ step: 100, value: 0.9 })
  const { current_step, eval_loss, updated_at, evaluations_without_improvement } = before
  const training = { current_step, eval_loss, updated_at, evaluations_without_improvement }
  expect(await jobStatus(db, run.job_id)).toMatchObject(training)
})

test('the board and the run itself give the same answer, and each score is recorded once', async () => {
  await using folder = await temporaryFolder()
  const run = await writeRun(folder.path)
  appendScores(folder.path, [scoreOf(100, 0.5), scoreOf(300, 1)])
  appendScores(folder.path, [scoreOf(100, 0.75), scoreOf(200, 0.25)])
  await Promise.all([recordRun(db, run), recordRun(db, run)])
  while (await recordRun(db, run));
  const { events } = await readRun(folder.path)
  const selection = select({ policy: 'as_declared', ...rowsFrom(events) })
  expect(await bestOf(run.job_id)).toEqual({
    step: selection.best?.step,
    value: selection.best?.value,
  })
  expect(selection.best).toMatchObject({ step: 100, value: 0.5, origin: { file: SCORES, line: 1 } })
  const logs = await jobLogs(db, run.job_id, { limit: 10 })
  expect(JSON.stringify(logs)).toContain(`checkpoint-300 (step 300) on line 2 of ${SCORES}`)
})

test('removed scores are removed from the board, and the rest of the run stays', async () => {
  await using folder = await temporaryFolder()
  const run = await writeRun(folder.path)
  appendScores(folder.path, [scoreOf(100, 0.5), scoreOf(200, 0.9)])
  while (await recordRun(db, run));
  expect(await bestOf(run.job_id)).toMatchObject({ step: 200 })
  const path = join(folder.path, SCORES)
  await writeFile(path, '')
  appendScores(folder.path, [scoreOf(100, 0.5)])
  while (await recordRun(db, run));
  expect(await bestOf(run.job_id)).toEqual({ step: 100, value: 0.5 })
  expect(await jobStatus(db, run.job_id)).toMatchObject({ eval_loss: 200, best_step: 100 })
})

test('a retracted score is removed from the board by any recorder', async () => {
  await using folder = await temporaryFolder()
  const run = await writeRun(folder.path)
  appendScores(folder.path, [scoreOf(100, 0.9), scoreOf(200, 0.5)])
  while (await recordRun(db, run));
  expect(await bestOf(run.job_id)).toEqual({ step: 100, value: 0.9 })
  const weights = { path: 'checkpoint-100', attempt: 0, step: 100 }
  appendScores(folder.path, [{ retract: 1, at: 3, ...weights, metrics: ['acc'], by: 'ben' }])
  while (await recordRun(db, run));
  expect(await bestOf(run.job_id)).toEqual({ step: 200, value: 0.5 })
  appendScores(folder.path, [scoreOf(100, 0.6)])
  while (await recordRun(db, run));
  expect(await bestOf(run.job_id)).toEqual({ step: 100, value: 0.6 })
  const read = select({ policy: 'as_declared', ...rowsFrom((await readRun(folder.path)).events) })
  expect(read.best).toMatchObject({ step: 100, value: 0.6 })
})

test('a retraction removes only scores, even if nothing else of the run can be read again', async () => {
  await using folder = await temporaryFolder()
  const run = await writeRun(folder.path)
  appendScores(folder.path, [scoreOf(100, 0.9)])
  while (await recordRun(db, run));
  const { evaluations } = await readStoredRows(db, run.job_id)
  const own = evaluations.filter(([, , metric]) => metric !== 'acc')
  const weights = { path: 'checkpoint-100', attempt: 0, step: 100 }
  appendScores(folder.path, [{ retract: 1, at: 3, ...weights, metrics: ['acc'], by: 'ben' }])
  while (await recordScores(db, run));
  expect((await readStoredRows(db, run.job_id)).evaluations).toEqual(own)
  expect(await listCheckpoints(db, run.job_id)).toHaveLength(2)
})
