import { expect, test } from 'vitest'
import { checkpoints, choose, claim, evaluations } from './testing.ts'

test('the lowest eval_loss wins if no metric is declared, and the reason says so', () => {
  const selection = choose({
    evaluations: evaluations([100, 1.5], [200, 1.1], [300, 1.2]),
    checkpoints: checkpoints(100, 200, 300),
  })
  expect(selection.best).toMatchObject({ step: 200, value: 1.1, path: 'checkpoint-200' })
  expect(selection.runner_up).toMatchObject({ step: 300 })
  expect(selection.margin).toBeCloseTo(0.1)
  expect(selection.declared_by).toBe('the run does not say which metric decides')
  expect(selection.reason).toBe(
    'Step 200 is best: eval_loss 1.1, the lowest of 3 checkpoints. Next is step 300 (+0.1). The run does not say which metric decides.',
  )
})

test('the first of equal values wins: by step, then by attempt, then by arrival', () => {
  const rows = evaluations([300, 1], [200, 1, 1], [200, 1, 0], [400, 1])
  const saved = checkpoints(300, { step: 200, attempt: 1 }, { step: 200, attempt: 0 }, 400)
  const { best, runner_up, margin } = choose({ evaluations: rows, checkpoints: saved })
  expect(best).toMatchObject({ step: 200, attempt: 0 })
  expect(runner_up).toMatchObject({ step: 200, attempt: 1 })
  expect(margin).toBe(0)
})

test.each([
  ['first', [NaN, 2, 1]],
  ['in the middle', [2, NaN, 1]],
  ['last', [2, 1, NaN]],
  ['null', [null, 2, 1]],
  ['minus infinity', [-Infinity, 2, 1]],
  ['infinity', [2, Infinity, 1]],
])('a value that is not finite never wins: %s', (_where, values) => {
  const rows = values.map((value, index) => [(index + 1) * 100, value] as const)
  const { best, skipped } = choose({
    evaluations: evaluations(...rows),
    checkpoints: checkpoints(100, 200, 300),
  })
  expect(best?.value).toBe(1)
  expect(skipped).toHaveLength(1)
})

test('if all values are NaN there is no choice, and every checkpoint is skipped with its reason', () => {
  const { best, skipped, reason } = choose({
    evaluations: evaluations([100, NaN], [200, NaN]),
    checkpoints: checkpoints(100, 200),
  })
  expect(best).toBeNull()
  expect(skipped.map(({ reason }) => reason)).toEqual(['not_finite', 'not_finite'])
  expect(reason).toBe(
    'No checkpoint can be chosen: eval_loss is NaN at step 100, and 1 more were skipped.',
  )
})

test('an evaluation counts only for its weights: the same attempt and step', () => {
  const { best, skipped } = choose({
    evaluations: evaluations([100, 1, 0], [200, 2, 1]),
    checkpoints: checkpoints(
      { step: 100, attempt: 1 },
      { step: 200, attempt: 1 },
      { step: 199, attempt: 1 },
    ),
  })
  expect(best).toMatchObject({ step: 200, attempt: 1 })
  expect(skipped.map(({ step, reason }) => [step, reason])).toEqual([
    [100, 'no_evaluation'],
    [199, 'no_evaluation'],
  ])
})

test('the first evaluation of a step counts, later ones are repeats', () => {
  const { best } = choose({
    evaluations: evaluations([100, 2], [200, 1.5], [100, 1]),
    checkpoints: checkpoints(100, 200),
  })
  expect(best).toMatchObject({ step: 200, value: 1.5 })
})

test('a best evaluation without a checkpoint is a missed best, not the choice', () => {
  const { best, missed_best, reason } = choose({
    evaluations: evaluations([100, 2], [200, 1.0], [300, 0.5], [400, 0.8]),
    checkpoints: checkpoints(200, 400),
  })
  expect(best).toMatchObject({ step: 400, value: 0.8 })
  expect(missed_best).toMatchObject({ step: 300, value: 0.5 })
  expect(reason).toContain(
    'Step 300 reached 0.5, but no checkpoint was found there: the best you can ship is step 400 at 0.8',
  )
})

test('evaluations per 100 steps and saves per 200: the pointer is stale, and 400 is the best on disk', () => {
  const { best, second_opinion } = choose({
    evaluations: evaluations([100, 2], [200, 1.0], [300, 0.5], [400, 0.8]),
    checkpoints: checkpoints(200, 400),
    claim: claim('out/checkpoint-200', 300, 0.5),
  })
  expect(best?.step).toBe(400)
  expect(second_opinion).toMatchObject({ agrees: false, because: 'stale_pointer' })
})

test('if the files of the best are missing, the next is chosen, until they are back', () => {
  const rows = evaluations([100, 1], [200, 2])
  const gone = checkpoints({ step: 100, files_state: 'missing', files_why: 'rotated away' }, 200)
  const without = choose({ evaluations: rows, checkpoints: gone })
  expect(without.best?.step).toBe(200)
  expect(without.missed_best).toBeNull()
  expect(without.reason).toContain(
    'the files of checkpoint-100 are missing: rotated away (eval_loss 1)',
  )
  expect(choose({ evaluations: rows, checkpoints: checkpoints(100, 200) }).best?.step).toBe(100)
})

test('a broken best is skipped with the problem as its reason', () => {
  const saved = checkpoints(
    { step: 100, files_state: 'broken', files_why: 'model.safetensors is empty' },
    200,
  )
  const { best, skipped } = choose({
    evaluations: evaluations([100, 1], [200, 2]),
    checkpoints: saved,
  })
  expect(best?.step).toBe(200)
  expect(skipped[0]).toMatchObject({ reason: 'broken', step: 100 })
  expect(skipped[0]?.text).toContain('model.safetensors is empty')
})

test('the metric that the run declared decides, with its direction', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, eval_f1: 0.5 }],
    [200, { eval_loss: 2, eval_f1: 0.9 }],
  )
  const declaration = { metric: 'f1', direction: 'max' as const, declared_by: 'the arguments' }
  const input = { evaluations: rows, checkpoints: checkpoints(100, 200), declaration }
  expect(choose(input)).toMatchObject({ metric: 'eval_f1', best: { step: 200 } })
  expect(choose({ ...input, policy: 'lowest_eval_loss' })).toMatchObject({
    metric: 'eval_loss',
    best: { step: 100 },
  })
})

test('a recorded best shows its metric by a value that is equal bit for bit', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, eval_f1: 0.5 }],
    [200, { eval_loss: 2, eval_f1: 0.8529297632906481 }],
  )
  const { metric, direction, best, second_opinion } = choose({
    evaluations: rows,
    checkpoints: checkpoints(100, 200),
    claim: claim('checkpoint-200', 200, 0.8529297632906481),
  })
  expect([metric, direction, best?.step]).toEqual(['eval_f1', 'max', 200])
  expect(second_opinion).toMatchObject({ agrees: true, because: 'same' })
})

test('a metric with a chosen direction uses that direction', () => {
  const rows = evaluations([100, { eval_zorp: 3 }], [200, { eval_zorp: 4 }])
  const input = { evaluations: rows, checkpoints: checkpoints(100, 200) }
  expect(choose({ ...input, options: { metric: 'eval_zorp', direction: 'max' } }).best?.step).toBe(
    200,
  )
  expect(choose({ ...input, options: { metric: 'eval_zorp' } }).reason).toBe(
    'No checkpoint can be chosen. It is unknown whether a low or a high eval_zorp is better. Choose min or max.',
  )
  expect(choose({ ...input, options: { metric: 'eval_wer' } }).reason).toContain(
    'Logged: eval_zorp',
  )
})

test('a metric is found by its logged name, and no name is special', () => {
  const rows = evaluations([100, { eval_accuracy: 0.5 }], [200, { eval_accuracy: 0.9 }])
  const input = { evaluations: rows, checkpoints: checkpoints(100, 200) }
  expect(choose({ ...input, options: { metric: 'accuracy' } }).best?.step).toBe(200)
  for (const metric of ['constructor', '__proto__', 'toString']) {
    const { best, reason } = choose({ ...input, options: { metric, direction: 'min' } })
    expect(best).toBeNull()
    expect(reason).toContain(`${metric} was never logged`)
  }
})

test('the loss of one evaluation set may replace eval_loss, those of several may not, and eval_loss has priority', () => {
  const saved = checkpoints(100)
  const one = choose({ evaluations: evaluations([100, { eval_a_loss: 1 }]), checkpoints: saved })
  expect([one.metric, one.best?.step]).toEqual(['eval_a_loss', 100])
  const several = evaluations([100, { eval_a_loss: 1, eval_b_loss: 2 }])
  const two = choose({ evaluations: several, checkpoints: saved })
  expect(two.best).toBeNull()
  expect(two.reason).toContain('eval_a_loss, eval_b_loss')
  const plain = evaluations([100, { eval_a_loss: 1, eval_loss: 2 }])
  expect(choose({ evaluations: plain, checkpoints: saved }).metric).toBe('eval_loss')
})

test('a test split never decides', () => {
  const rows = evaluations([100, { test_loss: 1 }])
  expect(choose({ evaluations: rows, checkpoints: checkpoints(100) }).best).toBeNull()
})

test('negative losses, step 0 and a single evaluation are valid', () => {
  const negative = choose({
    evaluations: evaluations([0, -1], [100, -2]),
    checkpoints: checkpoints(0, 100),
  })
  expect(negative.best?.step).toBe(100)
  const zero = choose({ evaluations: evaluations([0, 1]), checkpoints: checkpoints(0) })
  expect(zero.best?.step).toBe(0)
  expect(zero.reason).toContain('Step 0 is the only checkpoint that can be compared')
})

test('no evaluation, or no checkpoint, means no choice', () => {
  expect(choose({ checkpoints: checkpoints(100) }).reason).toBe(
    'No checkpoint can be chosen. eval_loss was never logged. No evaluation was found.',
  )
  expect(choose({ evaluations: evaluations([100, 1]) }).best).toBeNull()
  expect(choose({}).best).toBeNull()
})

test('evaluations are ranked without files if that option is set', () => {
  const { best, missed_best, skipped } = choose({
    evaluations: evaluations([100, 2], [200, 1], [300, NaN]),
    among: 'evaluations',
  })
  expect(best).toMatchObject({ step: 200, path: null })
  expect(missed_best).toBeNull()
  expect(skipped).toMatchObject([{ step: 300, reason: 'not_finite' }])
})

test(
  'a choice among a million checkpoints works as among few, in any order',
  { timeout: 60_000 },
  () => {
    const count = 1_000_000
    // Every step once, in mixed order: 7 and the count have no common factor.
    const steps = Array.from({ length: count }, (_, index) => (index * 7) % count)
    const { best, runner_up, ranking } = choose({
      evaluations: steps.flatMap((step) => evaluations([step, Math.abs(step - 654_321)])),
      checkpoints: steps.flatMap((step) => checkpoints(step)),
    })
    expect([best?.step, runner_up?.step, ranking.length]).toEqual([654_321, 654_320, count])
  },
)

test('by its name a low perplexity is better', () => {
  const rows = evaluations([100, { eval_perplexity: 9 }], [200, { eval_perplexity: 12 }])
  const given = { evaluations: rows, checkpoints: checkpoints(100, 200) }
  expect(choose({ ...given, options: { metric: 'perplexity' } }).best?.step).toBe(100)
})

test('a checkpoint without the metric is skipped, and is never the best', () => {
  const rows = evaluations([100, { eval_loss: 1 }], [200, { eval_f1: 0.9 }])
  const { best, skipped } = choose({ evaluations: rows, checkpoints: checkpoints(100, 200) })
  expect(best?.step).toBe(100)
  expect(skipped).toMatchObject([{ step: 200, reason: 'no_metric' }])
})
