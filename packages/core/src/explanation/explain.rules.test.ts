import { expect, test } from 'vitest'
import type { RunContext } from '../run/context.ts'
import type { SelectionInput } from '../selection/input.ts'
import type { Measured } from '../measured.ts'
import { checkpoints, claim, evaluations } from '../selection/testing.ts'
import { explained, losses, readingOf, toneOf } from './testing.ts'

test('near ties and many candidates are noted, and a test split removes the second note', () => {
  const many = (count: number, more: Record<string, number> = {}) => ({
    evaluations: evaluations(
      ...Array.from({ length: count }, (_, i) => [i + 1, { eval_loss: i, ...more }] as const),
    ),
  })
  expect(toneOf('best_of_many', many(9))).toBeNull()
  expect(toneOf('best_of_many', many(10))).toBe('note')
  expect(toneOf('best_of_many', many(10, { test_loss: 1 }))).toBeNull()
  const tied = evaluations([1, { acc: 0.9, acc_stderr: 0.1 }], [2, { acc: 0.85, acc_stderr: 0.1 }])
  const options = { metric: 'acc' }
  expect(toneOf('near_ties', { evaluations: tied, options })).toBe('note')
  const apart = evaluations([1, { acc: 0.9, acc_stderr: 0.1 }], [2, { acc: 0.5, acc_stderr: 0.1 }])
  expect(toneOf('near_ties', { evaluations: apart, options })).toBeNull()
})

test('a second opinion that differs is a warning, unless a person chose another metric', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, eval_f1: 0.5 }],
    [200, { eval_loss: 2, eval_f1: 0.9 }],
  )
  const given = (step: number, value: number) => {
    return { evaluations: rows, claim: claim(`checkpoint-${step}`, step, value) }
  }
  const opinion = (step: number, value: number, more: Partial<SelectionInput> = {}) =>
    toneOf('second_opinion', { ...given(step, value), ...more })
  expect(opinion(100, 1)).toBeNull()
  expect(toneOf('trainer_agrees', given(100, 1))).toBe('note')
  expect(toneOf('trainer_agrees', given(200, 2))).toBeNull()
  expect(opinion(200, 2)).toBe('warning')
  expect(opinion(200, 0.9, { options: { metric: 'eval_loss' } })).toBe('note')
  expect(opinion(200, 2, { options: { metric: 'eval_loss' } })).toBe('warning')
  const declaration = { metric: 'eval_loss', direction: null, declared_by: 'a' }
  expect(opinion(200, 0.9, { declaration })).toBe('warning')
  expect(toneOf('second_opinion', { evaluations: rows })).toBeNull()
})

test('averaged weights are recognised by the name of a metric, not guessed from an option', () => {
  const guessed = toneOf('averaged_weights', { evaluations: losses([2, 1]) }, EMA_OPTIONS)
  expect(guessed).toBeNull()
  const named = evaluations([1, { eval_loss: 2, ema_acc: 1 }], [2, { eval_loss: 1, ema_acc: 1 }])
  expect(toneOf('averaged_weights', { evaluations: named })).toBe('warning')
  const other = evaluations([1, { eval_loss: 2, schema: 1 }], [2, { eval_loss: 1, schema: 1 }])
  expect(toneOf('averaged_weights', { evaluations: other })).toBeNull()
})

const EMA_OPTIONS = { config: { use_ema: true, EMA_decay: 0.9 } }

test('a training loss that is NaN before an evaluation is a warning', () => {
  const nan = (value: Measured) =>
    toneOf('hidden_nan', { evaluations: losses([2, 1]) }, { trainLoss: () => value })
  expect([nan(NaN), nan(null), nan(1), nan(Infinity)]).toEqual(['warning', null, null, null])
})

test('what another metric would pick needs two values, a direction, and the same candidates', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, eval_f1: 0.1, eval_bleu: 9, zorp: 1 }],
    [200, { eval_loss: 2, eval_f1: 0.8, zorp: 2 }],
    [300, { eval_loss: 3, eval_f1: 0.9, zorp: 3 }],
  )
  const saved = checkpoints(100, 200)
  const picks = (more: Partial<SelectionInput> = {}) =>
    explained({ evaluations: rows, checkpoints: saved, ...more }).winners.map(
      ({ metric, best, agrees }) => [metric, best.step, agrees],
    )
  expect(picks()).toEqual([['eval_f1', 200, false]])
  const declaration = {
    ...{ metric: null, direction: null, declared_by: null },
    directions: { zorp: 'min' as const },
  }
  expect(picks({ declaration })).toEqual([
    ['eval_f1', 200, false],
    ['zorp', 100, true],
  ])
})

test('if picks are equal, the earlier step is first, in any ranking', () => {
  const rows = evaluations(
    [100, { eval_loss: 3, eval_f1: 1 }],
    [200, { eval_loss: 2, eval_f1: 1 }],
    [300, { eval_loss: 1, eval_f1: 0.5 }],
  )
  expect(explained({ evaluations: rows }).winners).toMatchObject([
    { metric: 'eval_f1', best: { step: 100 }, agrees: false },
  ])
})

test('a metric with the same value at the chosen step agrees: no note and no question', () => {
  const rows = evaluations(
    [100, { eval_loss: 3, eval_f1: 1, eval_acc: 0.5 }],
    [200, { eval_loss: 1, eval_f1: 1, eval_acc: 0.5 }],
    [300, { eval_loss: 2, eval_f1: 0.5, eval_acc: 0.5 }],
  )
  const { winners, notes, question } = explained({ evaluations: rows })
  expect(winners.map(({ metric, best, agrees }) => [metric, best.step, agrees])).toEqual([
    ['eval_f1', 200, true],
    ['eval_acc', 200, true],
  ])
  expect(notes.map(({ code }) => code)).not.toContain('other_winner')
  expect(question).toBeNull()
})

test('a better evaluation of another metric without a checkpoint is named', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, eval_f1: 0.5, eval_rouge: 0.3 }],
    [150, { eval_loss: 4, eval_f1: 0.9, eval_rouge: 0.2 }],
    [200, { eval_loss: 2, eval_f1: 0.6, eval_rouge: 0.1 }],
  )
  const missed = (more = {}) =>
    explained({ evaluations: rows, checkpoints: checkpoints(100, 200), ...more }).winners.map(
      (one) => [one.metric, one.missed],
    )
  expect(missed()).toEqual([
    ['eval_f1', { step: 150, value: 0.9 }],
    ['eval_rouge', null],
  ])
  expect(missed({ among: 'evaluations' }).map(([, found]) => found)).toEqual([null, null])
  const subject_to = [{ metric: 'eval_loss', relation: '<=' as const, bound: 3 }]
  expect(missed({ options: { subject_to } }).map(([, found]) => found)).toEqual([null, null])
})

test('at most twelve metrics are compared, the most informative first', () => {
  const names = Array.from({ length: 14 }, (_, i) => `eval_a${i}_bleu`)
  const all = ['eval_accuracy', ...names, 'eval_cer', 'eval_f1', 'macro_bleu']
  const values = Object.fromEntries([...all, 'eval_loss'].map((name) => [name, 1]))
  const declaration = { metric: 'eval_loss', direction: null, declared_by: 'a' }
  const rows = evaluations([1, values], [2, values])
  const compared = explained({ evaluations: rows, declaration }).winners.map(({ metric }) => metric)
  expect(compared).toEqual([
    ...['macro_bleu', 'eval_f1', 'eval_cer', 'eval_accuracy', ...names.slice(0, 8)],
  ])
})

test('a question offers at most three other metrics', () => {
  const rows = evaluations(
    [1, { eval_loss: 1, f1: 0, bleu: 0, chrf: 0, comet: 0, eval_b_loss: 9 }],
    [2, { eval_loss: 2, f1: 1, bleu: 1, chrf: 1, comet: 1, eval_b_loss: 1 }],
  )
  const metrics = explained({ evaluations: rows }).question?.choices.map(({ metric }) => metric)
  expect(metrics).toEqual(['eval_loss', 'f1', 'bleu', 'chrf'])
})

test('while a run is active, an evaluation between saves is a warning', () => {
  const steps = (...of: readonly number[]) => ({
    evaluations: evaluations(...of.map((step) => [step, step] as const)),
    checkpoints: checkpoints(of[0]!),
  })
  const alive = { alive: true, save_steps: 200 }
  const warned = (given: ReturnType<typeof steps>, context: RunContext = alive) =>
    toneOf('may_be_missed', given, context)
  expect(warned(steps(200, 300))).toBe('warning')
  expect(warned(steps(200, 400))).toBeNull()
  expect(warned(steps(100, 200))).toBeNull()
  expect(warned(steps(200, 300), { ...alive, alive: false })).toBeNull()
  expect(warned(steps(200, 300), { alive: true })).toBeNull()
})

test('the loss, gap and perplexity belong to the chosen checkpoint', () => {
  const rows = evaluations([100, { eval_loss: 2, acc: 0.9 }], [200, { eval_loss: 1, acc: 0.5 }])
  const context: RunContext = { trainLoss: ({ step }) => step / 100, loss_unit: 'nats_per_token' }
  const at = (name: string, metric: string) =>
    readingOf(name, { evaluations: rows, options: { metric } }, context)?.value
  expect([at('eval_loss', 'acc'), at('eval_loss', 'eval_loss')]).toEqual([2, undefined])
  expect([at('train_loss', 'acc'), at('loss_gap', 'acc')]).toEqual([1, 1])
  expect(at('perplexity', 'acc')).toBe(Math.exp(2))
  expect(readingOf('loss_gap', { evaluations: rows })).toBeUndefined()
})

test('the choice is shown with its author, samples and error', () => {
  const rows = evaluations([100, { acc: 0.5, test_acc: 0.4 }], [200, { acc: 0.4 }]).map((row) => ({
    ...row,
    samples: 100,
    details: { acc: { origin: null, samples: 100, scored_by: 'ana' } },
  }))
  const shown = explained({ evaluations: rows, options: { metric: 'acc' } }).readings
  const values = Object.fromEntries(shown.map(({ name, value }) => [name, value]))
  expect(values).toMatchObject({
    ...{ samples: 100, standard_error: 0.05, scored_by: 'by ana', test_acc: 0.4 },
  })
  expect(readingOf('scored_by', { evaluations: losses([2, 1]) })).toBeUndefined()
  expect(readingOf('samples', { evaluations: losses([2, 1]) })).toBeUndefined()
})

test('a score after training counts neither as improvement nor as an evaluation without one', () => {
  const rows = losses([2, 1, 3])
  const scored = { ...losses([0])[0]!, step: 400 }
  const details = { eval_loss: { origin: null, samples: null, scored_by: 'ana' } }
  const name = 'evaluations_without_improvement'
  expect(readingOf(name, { evaluations: [...rows, { ...scored, details }] })?.value).toBe(1)
  expect(readingOf(name, { evaluations: [...rows, scored] })?.value).toBe(0)
})

test('epochs without improvement grow with the run, and are unknown without epochs', () => {
  const rows = losses([2, 1, 3]).map((row, index) => ({ ...row, epoch: index + 1 }))
  const name = 'epochs_without_improvement'
  expect(readingOf(name, { evaluations: rows })?.value).toBe(1)
  expect(readingOf(name, { evaluations: rows }, { current_epoch: 3.5 })?.value).toBe(1.5)
  expect(readingOf(name, { evaluations: rows }, { current_epoch: 0 })?.value).toBe(1)
  expect(readingOf(name, { evaluations: losses([2, 1, 3]) })).toBeUndefined()
})

test('a declared direction that contradicts the name is an alarm, unless a person chose it', () => {
  const rows = evaluations([100, { eval_wer: 0.4 }], [200, { eval_wer: 0.9 }])
  const alarm = (metric: string, direction: 'min' | 'max', options: object = {}) =>
    toneOf('wrong_direction', {
      ...{ evaluations: rows, options, declaration: { metric, direction, declared_by: 'a' } },
    })
  expect(alarm('eval_wer', 'max')).toBe('alarm')
  expect(alarm('eval_wer', 'min')).toBeNull()
  expect(alarm('eval_wer', 'max', { direction: 'min' })).toBeNull()
  expect(alarm('eval_wer', 'max', { metric: 'eval_wer' })).toBeNull()
})

test("the Trainer's default direction is an alarm only for lower-is-better metrics that are not losses", () => {
  const rows = evaluations([100, { eval_wer: 0.4, eval_loss: 1, eval_f1: 1 }])
  const alarm = (config: Record<string, unknown>) =>
    toneOf('wrong_direction', { evaluations: rows }, { config })
  expect(alarm({ metric_for_best_model: 'wer' })).toBe('alarm')
  expect(alarm({ metric_for_best_model: 'wer', greater_is_better: true })).toBe('alarm')
  expect(alarm({ metric_for_best_model: 'wer', greater_is_better: false })).toBeNull()
  expect(alarm({ metric_for_best_model: 'eval_loss' })).toBeNull()
  expect(alarm({ metric_for_best_model: 'f1' })).toBeNull()
  expect(alarm({ metric_for_best_model: 5 })).toBeNull()
  expect(alarm({})).toBeNull()
})

test('if nothing decides, there are no readings, but each metric has its winner', () => {
  const rows = evaluations(
    [100, { eval_a_loss: 1, eval_b_loss: 3, kl: 0 }],
    [200, { eval_a_loss: 2, eval_b_loss: 2, kl: 9 }],
  )
  const { readings, loss_turn, winners, question } = explained({ evaluations: rows })
  expect([readings, loss_turn]).toEqual([[], null])
  expect(winners.map(({ metric, best }) => [metric, best.step])).toEqual([
    ['eval_a_loss', 100],
    ['eval_b_loss', 200],
    ['kl', 100],
  ])
  expect(question?.choices).toHaveLength(3)
  const bound = [{ metric: 'kl', relation: '<=' as const, bound: 1 }]
  expect(
    explained({ evaluations: rows, options: { subject_to: bound } }).winners.map(
      ({ best }) => best.step,
    ),
  ).toEqual([100, 100, 100])
})

test('if nothing decides, at most twelve metrics have a winner, and only those with a finite value', () => {
  const names = Array.from({ length: 13 }, (_, at) => `eval_${String.fromCharCode(97 + at)}_loss`)
  const row = (value: number) => Object.fromEntries(names.map((name) => [name, value]))
  const many = evaluations([100, row(2)], [200, row(1)])
  expect(explained({ evaluations: many }).winners).toHaveLength(12)
  const broken = evaluations([100, { eval_a_loss: 1, eval_b_loss: NaN }])
  const { winners } = explained({ evaluations: broken })
  expect(winners.map(({ metric, best }) => [metric, best.step])).toEqual([['eval_a_loss', 100]])
})

test('in preference training a loss picks nothing', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, 'eval_rewards/accuracies': 0.5, eval_win_rate: 0.9 }],
    [200, { eval_loss: 2, 'eval_rewards/accuracies': 0.9, eval_win_rate: 0.5 }],
  )
  const names = explained({ evaluations: rows }).winners.map(({ metric }) => metric)
  expect(names).not.toContain('eval_loss')
  expect(names.length).toBeGreaterThan(0)
})
