import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { choiceOf } from '../commands/pick/choice.ts'
import { importRun } from '../recording/importRun.ts'
import { openJournal, type Journal } from '../journal/write.ts'
import { sweepJob } from '../recording/sweep.ts'
import { temporaryFolder, weightsOf } from '../testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const NAMED = { name: 'killed', project: 'tests', recipe: 'char-lm' }

async function save(root: string, attempt: number, step: number): Promise<string> {
  const path = `checkpoint-${step}`
  await mkdir(join(root, path), { recursive: true })
  await writeFile(join(root, path, 'config.json'), JSON.stringify({ attempt, step }))
  await writeFile(join(root, path, 'model.safetensors'), weightsOf(1_000 * attempt + step))
  await writeFile(join(root, path, 'trainer_state.json'), '{}')
  return path
}

function evaluate(journal: Journal, attempt: number, step: number, eval_loss: number): void {
  journal.append({ type: 'evaluation', attempt, step, at: null, values: { eval_loss } })
}

/** The best of the board and of the folder: attempt and step. */
async function bests(root: string, home: string) {
  const board = { db, home, host_id: randomUUID(), host: 'here' }
  const dispose = async (): Promise<void> => {}
  const status = await importRun({ ...board, [Symbol.asyncDispose]: dispose }, root, {})
  const { best } = (await choiceOf(root, { policy: 'as_declared', options: {} }, false)).selection
  const again = await sweepJob(db, { job_id: status.job_id, root, source: 'journal.jsonl' })
  return { board: status.best_step, disk: best?.step, attempt: best?.attempt, again }
}

test('a complete checkpoint that a killed run did not log is found and counts', async () => {
  await using home = await temporaryFolder()
  const root = join(home.path, 'run')
  await mkdir(root)
  using journal = openJournal(root, { journal: 1, job_id: randomUUID(), ...NAMED })
  journal.append({ type: 'started', attempt: 0, at: null })
  evaluate(journal, 0, 20, 2)
  const path = await save(root, 0, 20)
  journal.append({
    type: 'checkpoint',
    attempt: 0,
    at: null,
    step: 20,
    path,
    files_state: 'complete',
  })
  evaluate(journal, 0, 40, 1)
  await save(root, 0, 40)
  expect(await bests(root, home.path)).toEqual({ board: 40, disk: 40, attempt: 0, again: 0 })
})

test('a save of a later attempt at the same path is not confused with the stored one', async () => {
  await using home = await temporaryFolder()
  const root = join(home.path, 'run')
  await mkdir(root)
  using journal = openJournal(root, { journal: 1, job_id: randomUUID(), ...NAMED })
  for (const [step, loss] of [
    [20, 2],
    [40, 1],
  ] as const) {
    evaluate(journal, 0, step, loss)
    const path = await save(root, 0, step)
    journal.append({
      type: 'checkpoint',
      attempt: 0,
      at: null,
      step,
      path,
      files_state: 'complete',
    })
  }
  journal.append({ type: 'started', attempt: 1, at: null, resumed_from: 20 })
  evaluate(journal, 1, 40, 3)
  await save(root, 1, 40)
  expect(await bests(root, home.path)).toEqual({ board: 20, disk: 20, attempt: 0, again: 0 })
})
