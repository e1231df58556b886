import { expect, test } from 'vitest'
import { TrainingEvent } from './event.ts'
import { rowsFrom } from './rows.ts'

const rows = (...events: object[]) =>
  rowsFrom(events.map((event) => TrainingEvent.parse({ attempt: 0, ...event })))

const saved = { type: 'checkpoint', step: 100, path: 'checkpoint-100', files_state: 'complete' }

test('the latest claim counts, and the latest declaration that names a metric', () => {
  const { claim, declaration } = rows(
    { type: 'started', metric_for_best: 'eval_f1', direction: 'max', declared_by: 'the arguments' },
    { type: 'claim', path: 'checkpoint-100', step: 100, value: 1 },
    { type: 'started', attempt: 1 },
    { type: 'claim', path: 'checkpoint-200', step: 200, value: 'NaN' },
  )
  expect(declaration).toEqual({
    metric: 'eval_f1',
    direction: 'max',
    declared_by: 'the arguments',
    metric_is_inferred: false,
  })
  expect(claim).toMatchObject({ path: 'checkpoint-200', step: 200, value: NaN })
})

test('a later attempt that writes the same path makes the older checkpoint missing', () => {
  const { checkpoints } = rows(saved, { ...saved, attempt: 1 })
  expect(checkpoints).toMatchObject([
    { attempt: 0, files_state: 'missing', files_why: 'overwritten by attempt 1' },
    { attempt: 1, files_state: 'complete' },
  ])
  const [first] = rows(saved, { ...saved, step: 200 }).checkpoints
  expect(first).toMatchObject({ files_state: 'missing', files_why: 'overwritten at step 200' })
})

test('a save that is logged twice is one checkpoint', () => {
  const gone = { type: 'files', step: 100, path: 'checkpoint-100', files_state: 'missing' }
  expect(rows(saved, saved, gone).checkpoints).toMatchObject([{ files_state: 'missing' }])
})

test('an inspection of the files belongs to the latest save of a path', () => {
  const gone = { type: 'files', step: 100, path: 'checkpoint-100', files_state: 'missing' }
  expect(rows(saved, gone).checkpoints).toMatchObject([{ files_state: 'missing' }])
  expect(rows(saved, gone, saved).checkpoints).toMatchObject([{ files_state: 'complete' }])
})

test('a save that is logged again after another one used its path stays overwritten', () => {
  const later = { ...saved, step: 200 }
  const look = { type: 'files', step: 100, path: 'checkpoint-100', files_state: 'broken' }
  expect(rows(saved, later, saved, look).checkpoints).toMatchObject([
    { step: 100, files_state: 'missing', files_why: 'overwritten at step 200' },
    { step: 200, files_state: 'complete' },
  ])
})
