import { expect, test } from 'vitest'
import { Backtest } from './figures.ts'
import { backtest } from './backtest.ts'
import { aRun, curves, figuresOf } from './testing.ts'
import type { BacktestRun } from './replay.ts'

/** The loss is lowest at step 200 (accuracy 0.6); the accuracy rises to 0.8 at the last step. */
const rising = curves([3, 1, 2, 2.5], [0.4, 0.6, 0.7, 0.8])

function picksOf(run: BacktestRun, target = 'accuracy', metric?: string) {
  const { replayed } = backtest([run], { target, metric })
  return Object.fromEntries(replayed[0]!.picks.map((pick) => [pick.policy, pick]))
}

function whySkipped(run: BacktestRun, options: Parameters<typeof backtest>[1]): string[] {
  return backtest([run], options).skipped.map(({ code, why }) => `${code}: ${why}`)
}

test('regret is 0 for the best of a run and 1 for its worst, in either direction', () => {
  const picks = picksOf(aRun('run', 'a', rising))
  expect(picks['last']).toMatchObject({ step: 400, value: 0.8, regret: 0, is_exact: true })
  expect(picks['lowest eval_loss']).toMatchObject({ step: 200, value: 0.6, is_exact: false })
  expect(picks['lowest eval_loss']!.regret).toBeCloseTo((0.8 - 0.6) / (0.8 - 0.4), 12)
  const errors = rising.map(({ eval_loss, eval_accuracy }) => ({
    eval_loss: eval_loss!,
    eval_wer: 1 - eval_accuracy!,
  }))
  const lower = picksOf(aRun('run', 'a', errors), 'wer')
  expect(lower['lowest eval_loss']!.regret).toBeCloseTo(picks['lowest eval_loss']!.regret, 12)
})

test('the result matches its schema', () => {
  const answer = backtest([aRun('run', 'a', rising)], { target: 'accuracy' })
  expect(Backtest.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer)
})

test('a policy does not see the target, nor the target by another name', () => {
  const twins = rising.map((values) => ({
    ...values,
    eval_micro_f1: 100 * values['eval_accuracy']!,
    eval_error: 1 - values['eval_accuracy']!,
  }))
  expect(picksOf(aRun('run', 'a', twins))['metric']).toBeUndefined()
  const other = twins.map((values, index) => ({ ...values, eval_f1: [1, 0.9, 0.8, 0.7][index]! }))
  expect(picksOf(aRun('run', 'a', other))['metric']).toMatchObject({ step: 100, regret: 1 })
})

test('with many classes the task metric is the one over all classes', () => {
  const classes = rising.map((values, index) => ({
    ...{ eval_loss: values['eval_loss']!, eval_A_f1: -index, eval_B_f1: -index },
    eval_overall_f1: index,
  }))
  for (const target of ['task', 'f1']) {
    expect(picksOf(aRun('run', 'a', classes), target)['last']).toMatchObject({
      step: 400,
      regret: 0,
    })
  }
})

test('the declared metric is replayed with the target visible, and that is marked', () => {
  const declared = aRun('run', 'a', rising)
  declared.rows.declaration = { metric: 'accuracy', direction: 'max', declared_by: 'a config' }
  const picks = picksOf(declared)
  expect(picks['as_declared']).toMatchObject({ step: 400, regret: 0, saw_target: true })
  expect(picks['lowest_eval_loss']).toMatchObject({ step: 200, saw_target: false })
  expect(picks['within_noise earliest']).toMatchObject({ saw_target: false })
  expect(picksOf(aRun('run', 'a', rising))['as_declared']).toMatchObject({ saw_target: false })
})

test('a chosen metric decides, by its name with or without the split', () => {
  const values = rising.map((one, index) => ({ ...one, eval_f1: index, eval_bleu: -index }))
  const run = aRun('run', 'a', values)
  expect(picksOf(run, 'accuracy', 'bleu')['metric']).toMatchObject({ step: 100 })
  expect(picksOf(run)['metric']).toMatchObject({ step: 400 })
})

test('if files matter, only complete checkpoints are candidates', () => {
  const run = aRun('run', 'a', curves([3, 1, 2, 2.5, 4], [0.4, 0.6, 0.7, 0.8, 0.9]))
  const saved = [100, 200, 300, 400, 500].map((step) => ({
    ...{ checkpoint_id: null, attempt: 0, step, path: `checkpoint-${step}`, files_why: null },
    files_state: step === 500 ? ('broken' as const) : ('complete' as const),
  }))
  const rows = { ...run.rows, checkpoints: saved }
  const { replayed } = backtest([{ ...run, rows, among: 'checkpoints' }], { target: 'accuracy' })
  expect(replayed).toMatchObject([{ candidates: 4, best_step: 400, best_value: 0.8 }])
})

test('the target of a list is the first that the run logged, and `task` is its task metric', () => {
  const target = (wanted: string, values: Record<string, number>[]) =>
    backtest([aRun('run', 'a', values)], { target: wanted }).replayed[0]?.target
  const speech = rising.map(({ eval_loss }, index) => ({ eval_loss: eval_loss!, eval_wer: index }))
  const both = speech.map((one, index) => ({ ...one, eval_accuracy: index, eval_f1_macro: index }))
  expect(target('f1, wer', speech)).toBe('eval_wer')
  expect(target('task', speech)).toBe('eval_wer')
  expect(
    target(
      'task',
      both.map(({ eval_wer, ...one }) => one),
    ),
  ).toBe('eval_f1_macro')
})

test('a run that cannot be replayed is skipped with the reason', () => {
  const target = 'accuracy'
  const losses = rising.map(({ eval_loss }) => ({ eval_loss: eval_loss! }))
  expect(whySkipped(aRun('run', 'a', []), { target })).toEqual([
    'no_evaluation: the run has no evaluation',
  ])
  expect(whySkipped(aRun('run', 'a', losses), { target })).toEqual([
    'no_target: accuracy was never evaluated',
  ])
  expect(whySkipped(aRun('run', 'a', losses), { target: 'loss' })).toEqual([
    'target_is_loss: eval_loss is the metric of lowest eval_loss',
  ])
  const unknown = losses.map((one, index) => ({ ...one, eval_zorp: index }))
  expect(whySkipped(aRun('run', 'a', unknown), { target: 'zorp' })).toEqual([
    'no_direction: the direction of eval_zorp is unknown',
  ])
  expect(whySkipped(aRun('run', 'a', unknown), { target: 'zorp', direction: 'max' })).toEqual([])
  const short = aRun('run', 'a', rising.slice(0, 3))
  expect(whySkipped(short, { target })).toEqual([
    'too_few: fewer than 4 evaluations have a finite eval_accuracy',
  ])
  expect(whySkipped(short, { target, at_least: 3 })).toEqual([])
  const flat = curves([3, 1, 2, 2.5], [0.5, 0.5, 0.5, 0.5])
  expect(whySkipped(aRun('run', 'a', flat), { target })).toEqual([
    'constant_target: eval_accuracy is the same at every step',
  ])
  const blind = rising.map(({ eval_accuracy }) => ({ eval_accuracy: eval_accuracy! }))
  expect(whySkipped(aRun('run', 'a', blind), { target })).toEqual([
    'no_loss: the run has no evaluation loss that can decide',
  ])
})

test('the beginnings and copies of one run count once, in any group', () => {
  const whole = aRun('results', 'a', rising)
  const early = aRun('checkpoint-300', 'a', rising.slice(0, 3))
  const elsewhere = aRun('results', 'b', rising.slice(0, 3))
  const copy = aRun('a copy', 'b', rising)
  const { replayed, skipped, scored } = backtest([early, copy, whole, elsewhere], {
    ...{ target: 'accuracy', at_least: 3 },
  })
  expect(replayed.map(({ group, name }) => `${group}/${name}`)).toEqual(['a/results'])
  expect(skipped.map(({ name, code, why }) => [name, code, why])).toEqual([
    ['checkpoint-300', 'same_run', 'its evaluations are the first ones of results'],
    ['a copy', 'same_run', 'its evaluations are the same as those of results in a'],
    ['results', 'same_run', 'its evaluations are the first ones of results in a'],
  ])
  expect(scored.held_out_regret).toBeNull()
})

test('a loss in another form is not a target: a perplexity, rounded or not, or bits for nats', () => {
  const forms: Record<string, (loss: number) => number> = {
    eval_perplexity: (loss) => Math.exp(loss),
    eval_ppl: (loss) => Math.round(10 * Math.exp(loss)) / 10,
    eval_bpb: (loss) => loss / Math.LN2,
  }
  for (const [target, form] of Object.entries(forms)) {
    const both = rising.map(({ eval_loss }) => ({
      eval_loss: eval_loss!,
      [target]: form(eval_loss!),
    }))
    expect(whySkipped(aRun('run', 'a', both), { target })).toEqual([
      `target_is_loss: ${target} is eval_loss in another form, the metric of lowest eval_loss`,
    ])
  }
  const other = rising.map(({ eval_loss }, index) => ({
    eval_loss: eval_loss!,
    eval_books_loss: index,
    test_loss: 2 ** eval_loss! + index / 100,
  }))
  expect(whySkipped(aRun('run', 'a', other), { target: 'eval_books_loss' })).toEqual([])
  expect(whySkipped(aRun('run', 'a', other), { target: 'test_loss' })).toEqual([])
})

test('a metric equal to the target is hidden even with gaps; two common values are not enough', () => {
  const twin = (broken: number) =>
    rising.map((values, index) => ({
      ...values,
      eval_micro_f1: index < broken ? NaN : values['eval_accuracy']!,
    }))
  expect(picksOf(aRun('run', 'a', twin(1)))['metric']).toBeUndefined()
  expect(picksOf(aRun('run', 'a', twin(2)))['metric']).toBeDefined()
})

test('a test split decides nothing, but may be the target of a backtest', () => {
  const tested = rising.map((values, index) => ({ ...values, test_f1: -index }))
  expect(picksOf(aRun('run', 'a', tested))['metric']).toBeUndefined()
  expect(picksOf(aRun('run', 'a', tested), 'accuracy', 'f1')['metric']).toBeUndefined()
  expect(picksOf(aRun('run', 'a', tested), 'accuracy', 'test_f1')['metric']).toBeDefined()
  expect(picksOf(aRun('run', 'a', tested), 'f1')['metric']).toMatchObject({ step: 400, regret: 1 })
  const scored = backtest([aRun('run', 'a', tested)], { target: 'task' }).replayed
  expect(scored).toMatchObject([{ target: 'eval_accuracy' }])
})

test('with several targets, a given direction applies to those whose names show no direction', () => {
  const values = rising.map(({ eval_loss }, index) => ({
    eval_loss: eval_loss!,
    eval_wer: index,
    eval_zorp: index,
  }))
  const run = aRun('run', 'a', values)
  const directions = ['accuracy, wer', 'zorp, wer', 'wer', 'task'].map((target) => {
    return backtest([run], { target, direction: 'max' }).replayed[0]!.direction
  })
  expect(directions).toEqual(['min', 'max', 'max', 'min'])
})

test('a policy that cannot choose in a run is not counted there, and is compared over the same runs', () => {
  const other = rising.map((values, index) => ({ ...values, eval_f1: index % 2 }))
  const answer = backtest([aRun('with f1', 'a', other), aRun('without', 'b', rising)], {
    target: 'accuracy',
  })
  expect(figuresOf(answer, 'last')).toMatchObject({ runs: 2, groups: 2 })
  const metric = figuresOf(answer, 'metric')
  expect(metric).toMatchObject({ runs: 1, groups: 1, interval: null })
  expect(metric.beside.map(({ baseline, runs }) => [baseline, runs])).toEqual([
    ['last', 1],
    ['lowest eval_loss', 1],
  ])
  expect(metric.beside[0]!.difference).toBeCloseTo(metric.mean_regret! - 0, 12)
})

test('mean, median and share of exact hits are computed over the runs', () => {
  const ends = (last: number) => curves([3, 1, 2, 2.5], [0, 0.5, 1, last])
  const runs = [1, 0.75, 0].map((last, index) => aRun(`run ${index}`, `group ${index}`, ends(last)))
  const last = figuresOf(backtest(runs, { target: 'accuracy' }), 'last')
  expect(last.mean_regret).toBeCloseTo((0 + 0.25 + 1) / 3, 12)
  expect(last).toMatchObject({ median_regret: 0.25, exact_share: 1 / 3, runs: 3, groups: 3 })
  const [low, high] = last.interval!
  expect([low, high]).toEqual([0, 1])
})

test('if there is nothing to replay, the text says so, with the available counts', () => {
  const { runs, text, scored } = backtest([], { target: 'accuracy' })
  expect(runs).toBe(0)
  expect(text).toBe('No run can be replayed against accuracy.')
  expect(scored).toMatchObject({ recommended: false, held_out_regret: null })
})
