import { expect, test } from 'vitest'
import type { SelectionInput } from '../selection/input.ts'
import { select } from '../selection/select.ts'
import { checkpoints, evaluations } from '../selection/testing.ts'
import { explain } from './explain.ts'
import { Explanation } from './explanation.ts'
import { explanationTable } from './table.ts'
import { explanationText } from './text.ts'

/** Two attempts, where two steps have the lowest loss, and the F1 is best at one of them. */
const ROWS = [
  ...[3, 2, 2, 2.5, 4, 5].map((eval_loss, at) => {
    const eval_f1 = [0.5, 0.7, 0.6, 0.6, 0.6, 0.6][at] ?? 0
    const [one] = evaluations([100 * (at + 1), { eval_loss, eval_f1 }, at < 2 ? 0 : 1])
    return { ...one!, origin: { file: 'log.csv', line: at === 0 ? null : at } }
  }),
]
const SAVED = checkpoints(...ROWS.map(({ step, attempt }) => ({ step, attempt })), {
  step: null,
  path: 'last',
  attempt: 1,
})

function shown(given: Partial<SelectionInput> = {}) {
  const input: SelectionInput = {
    declaration: { metric: null, direction: null, declared_by: null },
    ...{ policy: 'as_declared', claim: null, evaluations: ROWS, checkpoints: SAVED, ...given },
  }
  const selection = select(input)
  const explanation = explain(input, {}, selection)
  const table = explanationTable(selection)
  return { explanation, table, lines: explanationText(selection, explanation, table).split('\n') }
}

test('attempts, ranks, equal values and missing values are shown in the table', () => {
  const { lines } = shown()
  expect(lines.slice(-8)).toEqual([
    'rank  attempt  step  eval_loss  difference  checkpoint      why                                                from',
    '   1        0   200          2              checkpoint-200  best                                               log.csv:1',
    '   2        1   300          2          +0  checkpoint-300  second: same value, but the first one wins         log.csv:2',
    '   3        1   400        2.5        +0.5  checkpoint-400  third: +0.5                                        log.csv:3',
    '   4        0   100          3          +1  checkpoint-100  fourth: +1                                         log.csv',
    '   5        1   500          4          +2  checkpoint-500  fifth: +2                                          log.csv:4',
    '   6        1   600          5          +3  checkpoint-600  rank 6: +3                                         log.csv:5',
    '   –        1     –          –           –  last            last has no step number, so it cannot be compared',
  ])
})

test('a metric that agrees has the same checkpoint', () => {
  const { lines } = shown()
  const at = lines.indexOf('By other metrics:')
  expect(lines.slice(at - 1, at + 3)).toEqual([
    ...['', 'By other metrics:', '  eval_f1  step 200  highest 0.7    the same  log.csv:1', ''],
  ])
})

test('without another metric and paths their parts are missing', () => {
  const losses = evaluations([100, 2], [200, 1])
  const { lines } = shown({ evaluations: losses, checkpoints: [], among: 'evaluations' })
  expect(lines).not.toContain('By other metrics:')
  expect(lines.slice(-4)).toEqual([
    ...['', 'rank  step  eval_loss  difference  why'],
    ...['   1   200          1              best', '   2   100          2          +1  second: +1'],
  ])
})

test('if nothing decides, the column of values has no name', () => {
  const { lines, table } = shown({ policy: 'metric', options: {}, evaluations: [] })
  expect(lines.slice(0, 3)).toEqual([
    'No checkpoint can be chosen. Policy metric needs a metric. No evaluation was found.',
    'Decided by: chosen by a person',
    '',
  ])
  expect(lines.find((line) => line.startsWith('rank'))).toMatch(/^rank +attempt +step +value /)
  expect(table.every(({ is_best, is_tied }) => !is_best && !is_tied)).toBe(true)
})

test('ties are marked only if there are several, and name the one that a person prefers', () => {
  const accuracies = (...values: number[]) =>
    evaluations(...values.map((acc, at) => [100 * (at + 1), { acc, acc_stderr: 0.125 }] as const))
  const rows = (preference: 'earliest' | 'latest', ...values: number[]) =>
    shown({
      ...{ policy: 'within_noise', options: { metric: 'acc', prefer: preference } },
      ...{ evaluations: accuracies(...values), checkpoints: checkpoints(100, 200, 300) },
    }).table.map(({ step, is_tied, why }) => [step, is_tied, why])
  expect(rows('latest', 0.5, 0.5, 0.1)).toEqual([
    [200, true, 'best'],
    [100, true, 'second: same value, but the latest one wins'],
    [300, false, 'third: −0.4'],
  ])
  expect(rows('latest', 0.5, 0.1)[0]).toEqual([100, false, 'best'])
})

test('an explanation fits its schema', () => {
  for (const { explanation } of [shown(), shown({ evaluations: [] })]) {
    expect(Explanation.parse(explanation)).toEqual(explanation)
  }
})

test('a checkpoint without a path has a dash, and a difference that is too large is not compared', () => {
  const rows = evaluations([100, -1.7e308], [200, 1.7e308])
  const given = { checkpoints: checkpoints(100), among: 'evaluations' as const }
  const { lines } = shown({ evaluations: rows, ...given })
  expect(lines.at(-2)).toContain('checkpoint-100')
  expect(lines.at(-1)).toMatch(/ – {2,}second: not compared$/)
})

test('each part of the text is there only if it has content', () => {
  const selection = select({
    declaration: { metric: null, direction: null, declared_by: null },
    ...{ policy: 'as_declared', claim: null, evaluations: ROWS, checkpoints: SAVED },
  })
  const best = { ...selection.best!, origin: null }
  const winners = [
    {
      metric: 'eval_f1',
      direction: 'max' as const,
      best,
      agrees: true,
      missed: { step: 150, value: 3 },
    },
    {
      metric: 'wer',
      direction: 'min' as const,
      best: { ...best, step: 1000 },
      agrees: false,
      missed: null,
    },
  ]
  const nothing = { basis: 'nobody' as const, readings: [], loss_turn: null, question: null }
  const explanation = { sentence: 'S.', decided: 'D', notes: [], winners: [], ...nothing }
  expect(explanationText(selection, explanation, [])).toBe('S.\nDecided by: D')
  const origin = { file: 'log.csv', line: 3 }
  const notes = [{ code: 'near_ties' as const, tone: 'note' as const, text: 'N.', origin }]
  expect(explanationText(selection, { ...explanation, notes, winners }, []).split('\n')).toEqual([
    ...['S.', 'Decided by: D', '', '-  N. (log.csv:3)', '', 'By other metrics:'],
    '  eval_f1    step 200  highest 2    the same; step 150 reached 3 unsaved',
    '  wer      step 1,000  lowest 2     another',
  ])
})
