import { expect, test } from 'vitest'
import { TrainingEvent } from './event.ts'
import { checkpointKey, stepKey } from './keys.ts'
import { rowsFrom } from './rows.ts'

const rows = (...events: object[]) =>
  rowsFrom(events.map((event) => TrainingEvent.parse({ attempt: 0, ...event })))

const evaluation = { type: 'evaluation', step: 10, values: { a: 1, b: 2 } }

test('a run without events has declared nothing', () => {
  expect(rows()).toEqual({
    ...{ claim: null, save_steps: null, evaluations: [], checkpoints: [] },
    declaration: { metric: null, direction: null, declared_by: null },
  })
})

test('an evaluation stores one origin for all its values', () => {
  const origin = { file: 'log.jsonl', line: 3 }
  const [row] = rows({ ...evaluation, origin, samples: 7 }).evaluations
  expect(row).toEqual({
    ...{ attempt: 0, step: 10, epoch: null, values: { a: 1, b: 2 }, origin, samples: 7 },
  })
})

test('a value on a separate line has that line, and a score has its author', () => {
  const origin = { file: 'log.jsonl', line: 3 }
  const [row] = rows({ ...evaluation, origin, lines: { b: 9 } }).evaluations
  expect(row?.details).toEqual({
    b: { origin: { file: 'log.jsonl', line: 9 }, samples: null, scored_by: null },
  })
  const scored = { ...evaluation, samples: 7, scored_by: 'ana' }
  const at = (more: object) => rows({ ...scored, ...more }).evaluations[0]?.details
  expect(at({ origin })).toEqual({
    a: { origin, samples: 7, scored_by: 'ana' },
    b: { origin, samples: 7, scored_by: 'ana' },
  })
  expect(at({})).toMatchObject({ a: { origin: null } })
})

test('the first logged direction of a metric counts, and it declares no metric', () => {
  const { declaration } = rows(
    { ...evaluation, directions: { a: 'max' } },
    { ...evaluation, step: 20, directions: { a: 'min', b: 'min' } },
    { ...evaluation, step: 30 },
  )
  expect(declaration).toEqual({
    ...{ metric: null, direction: null, declared_by: null },
    directions: { a: 'max', b: 'min' },
  })
  expect(rows(evaluation).declaration).not.toHaveProperty('directions')
})

test('only an inspection changes the state of the files', () => {
  const saved = { type: 'checkpoint', step: 10, path: 'a', files_state: 'complete' }
  const claimed = { type: 'claim', path: 'a', step: 10, value: 1 }
  expect(rows(saved, claimed).checkpoints).toMatchObject([{ files_state: 'complete' }])
  const other = { ...saved, type: 'files', files_state: 'missing' }
  expect(rows(saved, { ...other, step: 20 }).checkpoints).toMatchObject([
    { files_state: 'complete' },
  ])
  expect(rows(saved, { ...other, attempt: 1 }).checkpoints).toMatchObject([
    { files_state: 'complete' },
  ])
  expect(rows(saved, { ...other, path: 'b' }).checkpoints).toMatchObject([
    { files_state: 'complete' },
  ])
})

test('checkpoints are identified by attempt, step and path', () => {
  const keys = [
    ...[
      checkpointKey({ attempt: 0, step: 1, path: 'a' }),
      checkpointKey({ attempt: 0, step: 1, path: 'b' }),
    ],
    ...[
      checkpointKey({ attempt: 1, step: 1, path: 'a' }),
      checkpointKey({ attempt: 0, step: 2, path: 'a' }),
    ],
    ...[checkpointKey({ attempt: 0, step: null, path: 'a' }), stepKey({ attempt: 0, step: 1 })],
  ]
  expect(new Set(keys).size).toBe(keys.length)
  expect(checkpointKey({ attempt: 0, step: null, path: null })).toBe('0:-:')
})

test('a later start replaces the distance between saves, if it logs one', () => {
  const started = (save_steps: number | null) => ({ type: 'started', save_steps })
  expect(rows(started(10), started(20)).save_steps).toBe(20)
  expect(rows(started(10), started(null)).save_steps).toBe(10)
})
