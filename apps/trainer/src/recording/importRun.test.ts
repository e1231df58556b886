import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { findJobs } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { Failure } from '../failure.ts'
import { importRun } from './importRun.ts'
import { writeFiles } from '../testing.ts'

const here = testBoard()

test('a single state file with any name can be imported', async () => {
  const root = join(here.path, 'alone')
  await writeFiles(root, { 'other.json': '{"log_history": [{"step": 10, "eval_loss": 1}]}' })
  const job = await importRun(here.board, join(root, 'other.json'), {})
  expect(job).toMatchObject({ current_step: 10, eval_loss: 1 })
})

/** Folders that look like a run but cannot be read, and the file that is the reason. */
const UNREADABLE: Record<string, [files: Record<string, string>, why: string]> = {
  'state-cut': [{ 'trainer_state.json': '[' }, 'trainer_state.json is not valid JSON'],
  'state-a-list': [
    { 'trainer_state.json': '[]' },
    'trainer_state.json is not a valid trainer state',
  ],
  'state-a-folder': [{ 'trainer_state.json/x': '' }, 'trainer_state.json'],
  'state-empty': [{ 'trainer_state.json': '' }, 'trainer_state.json is not valid JSON'],
  'saves-alone': [{ 'checkpoint-10/model.safetensors': 'x' }, 'trainer_state.json'],
  'journal-of-nothing': [
    {
      'journal.jsonl':
        '{"journal":1,"job_id":"7b0c7a52-4c0e-4a55-9d76-0b5a1c1f0a11","name":"n","project":"p"}\n{"type"\n',
    },
    'journal.jsonl has no training events',
  ],
  'journal-of-tomorrow': [{ 'journal.jsonl': '{"journal":2}\n' }, 'journal.jsonl does not begin'],
}

for (const [name, [files, why]] of Object.entries(UNREADABLE)) {
  test(`a job is on the board only after something of it was read: ${name}`, async () => {
    const root = join(here.path, name)
    await writeFiles(root, files)
    const failed = await importRun(here.board, root, {}).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(Failure)
    expect(failed).toHaveProperty('message', expect.stringContaining(why))
    expect(await findJobs(here.board.db, name)).toEqual([])
  })
}

test('an import ends, however fast its run goes on', async () => {
  const root = join(here.path, 'fast')
  const log = join(root, 'log.jsonl')
  const line = (step: number): string => `${JSON.stringify({ step, loss: 1 / step })}\n`
  await writeFiles(root, { 'log.jsonl': line(1) })
  let steps = 1
  // The run logs more before each answer of the database.
  here.board.db.sql.options.debug = () => appendFileSync(log, line(++steps))
  const job = await importRun(here.board, root, {})
  here.board.db.sql.options.debug = false
  expect(job.current_step).toBeGreaterThan(1)
  await importRun(here.board, root, {})
  expect(await findJobs(here.board.db, 'fast')).toMatchObject([{ current_step: steps }])
})
