import { checkpointsOf, examples, listJobs, removeExamples } from '@bestmark/db'
import { expect, test } from 'vitest'
import { openBoard } from '../../board/board.ts'
import { newBoardEnv } from '../../board/testing.ts'
import { command } from '../testing.ts'
import { temporaryFolder } from '../../testing.ts'
import { addExamples } from './examples.ts'

const GOES_ON = new AbortController().signal

test('an empty board gets the three examples, only once', async () => {
  await using home = await temporaryFolder()
  await using database = await newBoardEnv(home.path)
  await using board = await openBoard(database.env)
  const { db } = board
  await addExamples(board, GOES_ON)
  const { jobs } = await listJobs(db)
  expect(jobs.map(({ project, status }) => [project, status])).toEqual(
    jobs.map(() => ['examples', 'completed']),
  )
  expect(await examples(db)).toEqual(jobs.map(({ job_id }) => job_id).sort())
  const { stdout } = await command(['jobs'], { env: database.env })
  expect(stdout.match(/\(recorded example\)$/gm)).toHaveLength(jobs.length)
  const checkpointsNamed = async (name: string) => {
    const found = await checkpointsOf(db, jobs.find((job) => job.name === name)?.job_id ?? '')
    return found!
  }

  const { best, missed_best, second_opinion } = (await checkpointsNamed('best-between-saves'))
    .selection
  expect(missed_best?.value).toBeLessThan(best?.value ?? NaN)
  expect(second_opinion).toMatchObject({ because: 'stale_pointer', step: missed_best?.step })

  const { selection, explanation } = await checkpointsNamed('loss-against-f1')
  expect(explanation.question?.choices.map(({ metric }) => metric)).toContain('eval_f1')
  const byF1 = explanation.winners.find(({ metric }) => metric === 'eval_f1')
  expect(byF1?.best.step).not.toBe(selection.best?.step)

  const lost = (await checkpointsNamed('best-rotated-away')).selection
  expect(lost.best).not.toBeNull()
  expect(lost.skipped.map(({ reason }) => reason)).toContain('missing')
  expect(lost.reason).toContain('A better checkpoint cannot be shipped')

  expect(await removeExamples(db)).toBe(jobs.length)
  await addExamples(board, GOES_ON)
  expect(await listJobs(db)).toMatchObject({ total: 0 })
})

test('a start that ends early leaves the rest of the examples to the next start', async () => {
  await using home = await temporaryFolder()
  await using database = await newBoardEnv(home.path)
  await using board = await openBoard(database.env)
  const leaving = new AbortController()
  const first = addExamples(board, leaving.signal)
  leaving.abort()
  await first
  const before = await listJobs(board.db)
  await addExamples(board, GOES_ON)
  const { total } = await listJobs(board.db)
  expect(before.total).toBeLessThan(total)
  expect(await examples(board.db)).toHaveLength(total)
})
