import { expect, test } from 'vitest'
import { evaluations } from '../selection/testing.ts'
import { explained, losses, readingOf } from './testing.ts'

type Given = Parameters<typeof explained>

/** The readings as rows of name, label, text and remark. */
const readings = (...given: Given) =>
  explained(...given).readings.map(({ name, label, text, remark }) => [name, label, text, remark])

test('if another metric decides, the loss of the chosen checkpoint is shown with its details', () => {
  const rows = evaluations([100, { eval_f1: 0.5, eval_loss: 2 }])
  const options = { metric: 'eval_f1' }
  const loss = ['eval_loss', 'eval loss', '2', null]
  const rest = [['evaluations_without_improvement', 'evaluations without improvement', '0', null]]
  expect(readings({ evaluations: rows, options })).toEqual([loss, ...rest])
  expect(readings({ evaluations: rows, options }, { trainLoss: () => 0.5 })).toEqual([
    loss,
    ['train_loss', 'train loss before it', '0.5', null],
    ['loss_gap', 'loss gap', '+1.5', '4 × train'],
    ...rest,
  ])
  const without = evaluations([100, { eval_f1: 0.5 }])
  const context = { trainLoss: () => 0.5, loss_unit: 'nats_per_token' as const }
  expect(readings({ evaluations: without, options }, context)).toEqual([
    ['train_loss', 'train loss before it', '0.5', null],
    ...rest,
  ])
})

test('the gap to a training loss of zero or below has no ratio, and an infinite one has no text', () => {
  const gap = (train: number) => {
    const reading = readingOf('loss_gap', { evaluations: losses([2]) }, { trainLoss: () => train })
    return [reading?.text, reading?.remark]
  }
  expect(gap(0)).toEqual(['+2', null])
  expect(gap(-1)).toEqual(['+3', null])
  expect(gap(NaN)).toEqual(['NaN', null])
})

test('a perplexity that is too large for a number says so', () => {
  const nats = { loss_unit: 'nats_per_token' } as const
  const reading = (loss: number) => readingOf('perplexity', { evaluations: losses([loss]) }, nats)
  expect(reading(1_000)).toMatchObject({ text: 'Infinity', remark: 'too large for a number' })
  expect(reading(0)).toMatchObject({ text: '1', remark: null })
})

test('a score names who measured it, and a test split is shown if it was measured there', () => {
  const rows = evaluations(
    [100, { eval_f1: 0.5, test_f1: 0.4 }],
    [200, { eval_f1: 0.1, test_x: 1 }],
  )
  const details = { eval_f1: { origin: null, samples: null, scored_by: 'ana' } }
  const scored = rows.map((one) => ({ ...one, details }))
  expect(readings({ evaluations: scored, options: { metric: 'eval_f1' } })).toEqual([
    ['scored_by', 'scored', 'by ana', null],
    ['test_f1', 'test_f1', '0.4', null],
  ])
})

test('a trend on a straight line has no error, and too few values have no trend', () => {
  const trend = (...values: number[]) =>
    readingOf('loss_trend', { evaluations: losses(values) })?.remark
  expect(trend(3, 2, 1)).toBe('−1 ± 0 per 100 steps over the last 3 evaluations')
  expect(trend(3, 2)).toBeUndefined()
  expect(trend(0.3, 0.2, 0.1)).toContain('−0.1 ± 0 per 100 steps')
})

test('waiting counts from the last improvement by more than the smallest that counts', () => {
  const rows = losses([3, 2, 1.5]).map((one, index) => ({ ...one, epoch: index + 1 }))
  const waiting = (...[input, context]: Given) => readings({ ...input }, context).slice(-2)
  const label = 'without improvement'
  expect(waiting({ evaluations: rows, options: { min_delta: 0.75 } })).toEqual([
    ['evaluations_without_improvement', `evaluations ${label}`, '1', 'by more than 0.75'],
    ['epochs_without_improvement', `epochs ${label}`, '1', null],
  ])
  expect(waiting({ evaluations: rows }, { current_epoch: 5 })[1]).toEqual([
    ...['epochs_without_improvement', `epochs ${label}`, '2', null],
  ])
  expect(waiting({ evaluations: losses([NaN]) })).toEqual([])
})

test('counts are shown in full, infinite values with a minus sign, and a loss with its own origin', () => {
  const [row] = evaluations([100, { eval_f1: 0.5, eval_loss: -Infinity }])
  const origin = { file: 'loss.csv', line: 7 }
  const details = {
    eval_f1: { origin: null, samples: 1_234_567 },
    eval_loss: { origin, samples: null },
  }
  const given: Given = [{ evaluations: [{ ...row!, details }], options: { metric: 'eval_f1' } }]
  expect(readingOf('samples', ...given)?.text).toBe('1,234,567')
  expect(readingOf('eval_loss', ...given)).toMatchObject({ text: '−Infinity', origin })
})

test('an evaluation without an epoch does not hide the epochs without improvement', () => {
  const [first, second] = losses([1, 2])
  const rows = [{ ...first!, epoch: 1 }, second!]
  const reading = readingOf(
    'epochs_without_improvement',
    { evaluations: rows },
    { current_epoch: 3 },
  )
  expect(reading?.value).toBe(2)
})
