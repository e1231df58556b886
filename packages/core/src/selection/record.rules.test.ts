import { expect, test } from 'vitest'
import { checkpoints, choose, claim, evaluations } from './testing.ts'

const decidedBy = (rows: ReturnType<typeof evaluations>, recorded: ReturnType<typeof claim>) =>
  choose({ evaluations: rows, checkpoints: checkpoints(100, 200, 300), claim: recorded })

test('a record that names its metric makes that metric decide', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, eval_f1: 0.9 }],
    [200, { eval_loss: 2, eval_f1: 1 }],
  )
  const { metric, declared_by } = decidedBy(rows, { ...claim(null, 200, 7), metric: 'eval_f1' })
  expect([metric, declared_by]).toEqual(['eval_f1', "the trainer's record"])
})

test('a record without a finite value, or of a value that was never measured, names no metric', () => {
  const rows = evaluations([100, { eval_loss: 1, eval_f1: NaN }], [200, { eval_loss: 2 }])
  for (const value of [null, NaN, 5]) {
    expect(decidedBy(rows, claim(null, 100, value)).declared_by).toBe(
      'the run does not say which metric decides',
    )
  }
})

test('if several metrics have the recorded value, those at the recorded step have priority', () => {
  const rows = evaluations(
    [100, { eval_loss: 9, eval_f1: 0.5, eval_bleu: 0.7 }],
    [200, { eval_loss: 8, eval_f1: 0.6, eval_bleu: 0.5 }],
  )
  expect(decidedBy(rows, claim(null, 200, 0.5)).metric).toBe('eval_bleu')
  expect(decidedBy(rows, claim(null, 100, 0.5)).metric).toBe('eval_f1')
  expect(decidedBy(rows, claim(null, 700, 0.6)).metric).toBe('eval_f1')
})

test('if several metrics have the recorded value, the loss has priority, in any order of arrival', () => {
  const rows = evaluations(
    [100, { eval_f1: 0.5, eval_loss: 0.5 }],
    [200, { eval_f1: 0.6, eval_loss: 1 }],
  )
  const { metric, reason } = decidedBy(rows, claim(null, 100, 0.5))
  expect(metric).toBe('eval_loss')
  expect(reason).toContain('it recorded this eval_loss as its best')
})

test('without a loss the metric that was best there has priority', () => {
  const rows = evaluations(
    [100, { eval_f1: 0.7, eval_bleu: 0.1, zorp: 1 }],
    [200, { eval_f1: 0.5, zorp: 0.5, eval_bleu: 0.5 }],
    [300, { eval_f1: 0.6, eval_bleu: 0.4, zorp: 0 }],
  )
  expect(decidedBy(rows, claim(null, 200, 0.5)).metric).toBe('eval_bleu')
})

test('if none was best there, the first measured metric is used', () => {
  const rows = evaluations(
    [100, { eval_f1: 0.7, eval_bleu: 0.6 }],
    [200, { eval_f1: 0.5, eval_bleu: 0.5 }],
  )
  expect(decidedBy(rows, claim(null, 200, 0.5)).metric).toBe('eval_f1')
})

test('a recorded value that nothing beats in one direction shows that direction', () => {
  const rows = evaluations([100, { zorp: 3 }], [200, { zorp: 5 }], [300, { zorp: NaN }])
  expect(decidedBy(rows, claim(null, 200, 5))).toMatchObject({
    direction: 'max',
    best: { step: 200 },
  })
  expect(decidedBy(rows, claim(null, 100, 3))).toMatchObject({
    direction: 'min',
    best: { step: 100 },
  })
})

test('a recorded value that is beaten in both directions, or in neither, shows no direction', () => {
  const both = evaluations([100, { zorp: 3 }], [200, { zorp: 5 }], [300, { zorp: 4 }])
  expect(decidedBy(both, claim(null, 300, 4)).reason).toContain('Choose min or max')
  const neither = evaluations([100, { zorp: 3 }], [200, { zorp: 3 }])
  expect(decidedBy(neither, claim(null, 100, 3)).reason).toContain('Choose min or max')
})

test('a recorded loss has priority over a metric that was best there', () => {
  const rows = evaluations(
    [100, { eval_f1: 0.5, eval_loss: 0.5 }],
    [200, { eval_f1: 0.4, eval_loss: 0.1 }],
  )
  expect(decidedBy(rows, claim(null, 100, 0.5)).metric).toBe('eval_loss')
})

test('a record without a value does not match a missing value', () => {
  const rows = evaluations([100, { eval_loss: 1, eval_f1: null }], [200, { eval_loss: 2 }])
  const { declared_by, second_opinion } = decidedBy(rows, claim(null, null, null))
  expect([declared_by, second_opinion]).toEqual(['the run does not say which metric decides', null])
})
