import { listCheckpoints } from '@bestmark/db'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestBoard, testBoard } from '../testing.ts'
import { digestOf, journal, limited, line, metrics, scoresOf, send } from './testing.ts'

let board: TestBoard
beforeAll(async () => {
  board = await testBoard()
})
afterAll(() => board[Symbol.asyncDispose]())

const at = (step: number) => ({ attempt: 0, step })
const save = (step: number) =>
  line({ type: 'checkpoint', ...at(step), path: `step-${step}`, files_state: 'complete' })
const score = (step: number, eval_f1: number) =>
  line({ type: 'evaluation', ...at(step), values: { eval_f1 }, scored_by: 'ada' })
const digest = (text: string) => digestOf(Buffer.from(text))

/** A job with two checkpoints, and its journal. */
async function saved() {
  const { job_id, text } = journal(2)
  const body = text + save(1) + save(2)
  await send(board.db, job_id, body)
  return { job_id, body }
}
/** The scores of the checkpoints of a job, by step. */
async function scored(job_id: string) {
  const rows = await listCheckpoints(board.db, job_id)
  return rows.map(({ step, values }) => [step, values['eval_f1']])
}

test('scores are on the board once, and later ones replace them', async () => {
  const { job_id } = await saved()
  expect(await scoresOf(board.db, job_id)).toMatchObject({ status: 200, sha256: null })
  const first = score(1, 0.5) + score(2, 0.7)
  for (const _again of [1, 2]) {
    const sent = await scoresOf(board.db, job_id, first)
    expect(sent).toMatchObject({ status: 200, sha256: digest(first) })
    expect(await scored(job_id)).toEqual([
      [1, 0.5],
      [2, 0.7],
    ])
  }
  await scoresOf(board.db, job_id, score(1, 0.9))
  expect(await scored(job_id)).toEqual([
    [1, 0.9],
    [2, undefined],
  ])
  expect(await scoresOf(board.db, job_id)).toMatchObject({ sha256: digest(score(1, 0.9)) })
  await scoresOf(board.db, job_id, '')
  expect(await scored(job_id)).toEqual([
    [1, undefined],
    [2, undefined],
  ])
})

test('only scores are taken, so the journal of the run stays as it is', async () => {
  const { job_id } = await saved()
  const own = line({ type: 'evaluation', ...at(1), values: { eval_f1: 0.1 } })
  await scoresOf(board.db, job_id, own + metrics(9) + save(9) + score(2, 0.7))
  expect(await scored(job_id)).toEqual([
    [1, undefined],
    [2, 0.7],
  ])
})

test('a journal that began again asks for its scores again', async () => {
  const { job_id, body } = await saved()
  await scoresOf(board.db, job_id, score(1, 0.5))
  const headers = { 'bestmark-replaces': String(crc32(body)) }
  await send(board.db, job_id, body + metrics(3), { headers })
  expect(await scoresOf(board.db, job_id)).toMatchObject({ sha256: null })
  await scoresOf(board.db, job_id, score(1, 0.5))
  expect(await scored(job_id)).toEqual([
    [1, 0.5],
    [2, undefined],
  ])
})

test('scores of other jobs, and of unknown ones, are refused', async () => {
  const { job_id } = await saved()
  const caller = limited({ project: 'vision' })
  const refused = await scoresOf(board.db, job_id, score(1, 0.5), { caller })
  expect(refused).toMatchObject({ status: 403, code: 'other_project' })
  const unknown = await scoresOf(board.db, crypto.randomUUID(), score(1, 0.5))
  expect(unknown).toMatchObject({ status: 409, code: 'gap', offset: 0 })
  expect(await scored(job_id)).toEqual([
    [1, undefined],
    [2, undefined],
  ])
})
