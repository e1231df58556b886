import { expect, test } from 'vitest'
import { decisionOf } from './decision.ts'
import { choose, checkpoints, evaluations } from './testing.ts'
import { lowestLoss, undeclared } from './undeclared.ts'

test.each([
  ['a reward beside its spread', ['eval_loss', 'reward', 'reward_std'], 'reward'],
  ['a reward beside a divergence', ['reward', 'kl', 'eval_loss'], 'reward'],
  ['a reward beside lengths', ['reward', 'mean_completion_length'], 'reward'],
  [
    'rewards of pairs',
    ['eval_rewards/chosen', 'eval_rewards/accuracies'],
    'eval_rewards/accuracies',
  ],
  ['rewards of margins', ['rewards/margins', 'win_rate'], 'win_rate'],
  ['an objective', ['objective/kl', 'objective/rlhf_reward'], 'objective/rlhf_reward'],
  ['scores of an objective', ['objective/scores', 'reward'], 'reward'],
  ['lengths of completions', ['completions/mean_length', 'reward'], 'reward'],
  ['all of them', ['rewards/accuracies', 'reward', 'kl', 'win_rate'], 'win_rate'],
])('in preference training the most informative signal decides: %s', (_what, names, metric) => {
  expect(undeclared(names)).toMatchObject({ metric, basis: 'preference', direction: 'max' })
  expect(undeclared(names).because).toContain(metric)
})

test.each([
  ['a reward alone', ['eval_loss', 'reward']],
  ['a divergence alone', ['eval_loss', 'kl']],
  ['names that only begin or end alike', ['eval_loss', 'my_objective/kl', 'rewards/chosen_x']],
  ['a length without completions', ['eval_loss', 'reward', 'kl_x', 'reward_std_x']],
])('a loss decides if the run is not preference training: %s', (_what, names) => {
  expect(undeclared(names)).toMatchObject({ metric: 'eval_loss', basis: 'nobody', problem: null })
})

test('rewards of a test split show preference training, but do not decide', () => {
  const { metric, problem } = undeclared(['eval_loss', 'test_rewards/accuracies'])
  expect([metric, problem?.code]).toEqual(['eval_loss', 'loss_shows_no_progress'])
})

test('preference training without a signal of progress is a problem that names what was logged', () => {
  expect(undeclared(['eval_loss', 'rewards/chosen', 'eval_f1'])).toEqual({
    ...{ metric: 'eval_loss', basis: 'preference', direction: 'min', because: null },
    problem: { code: 'loss_shows_no_progress', logged: ['eval_f1'] },
  })
  expect(undeclared(['eval_loss', 'rewards/chosen', 'zorp']).problem).toMatchObject({
    logged: ['rewards/chosen', 'zorp'],
  })
})

test('in speech recognition the word error rate decides, otherwise the character error rate', () => {
  const wer = { metric: 'eval_wer', basis: 'speech', direction: 'min', problem: null }
  expect(undeclared(['eval_loss', 'eval_cer', 'eval_wer'])).toMatchObject(wer)
  expect(undeclared(['eval_loss', 'val_cer'])).toMatchObject({ ...wer, metric: 'val_cer' })
  expect(undeclared(['eval_loss', 'test_wer']).basis).toBe('nobody')
})

test('if no loss was measured, the one metric that is a function of it decides', () => {
  const nobody = { basis: 'nobody', direction: 'min', problem: null }
  for (const metric of ['Validation perplexity', 'eval_ppl', 'val_bpb', 'eval/bits_per_byte'])
    expect(undeclared([metric, 'eval_acc', 'eval_f1'])).toMatchObject({ metric, ...nobody })
  expect(undeclared(['eval_ppl', 'eval_acc']).because).toBe(
    'eval_ppl rises and falls with the loss',
  )
  expect(undeclared(['eval_loss', 'eval_ppl', 'eval_acc']).metric).toBe('eval_loss')
  expect(undeclared(['eval_ppl', 'val_bpb', 'eval_acc']).problem?.code).toBe('several_metrics')
  expect(undeclared(['test_ppl', 'eval_acc', 'eval_f1']).problem?.code).toBe('several_metrics')
})

test('if no loss was measured, a single metric of known direction decides', () => {
  const acc = { metric: 'eval_acc', basis: 'nobody', direction: 'max', problem: null }
  expect(undeclared(['eval_acc', 'zorp'])).toMatchObject(acc)
  expect(undeclared(['eval_acc']).because).toBe('eval_acc is the only metric that was measured')
  expect(undeclared(['eval_acc', 'val_a_loss'])).toMatchObject({ metric: 'val_a_loss' })
})

test('if the only measured metric has no known direction, that is what is asked', () => {
  const asked = { metric: 'zorp', problem: { code: 'direction_unknown', metric: 'zorp' } }
  expect(undeclared(['zorp'])).toMatchObject(asked)
  expect(undeclared(['zorp', 'Test', 'test_zork'])).toMatchObject(asked)
  const rows = {
    evaluations: evaluations([100, { zorp: 1 }], [200, { zorp: 2 }]),
    checkpoints: checkpoints(100, 200),
  }
  expect(choose(rows)).toMatchObject({ best: null, metric: 'zorp', direction: null })
  expect(choose({ ...rows, options: { direction: 'max' } }).best?.step).toBe(200)
})

test('if nothing tells which metric decides, a person is asked; a test set alone decides nothing', () => {
  const asked = (code: string, metrics: string[]) => ({ metric: null, problem: { code, metrics } })
  expect(undeclared(['eval_acc', 'eval_f1', 'test_acc'])).toMatchObject(
    asked('several_metrics', ['eval_acc', 'eval_f1']),
  )
  expect(undeclared(['zorp', 'zork'])).toMatchObject(asked('several_metrics', ['zorp', 'zork']))
  for (const tests of [['test_acc'], ['test_loss', 'test/acc'], ['test_a_f1', 'test_b_f1']]) {
    expect(undeclared(tests)).toMatchObject(asked('only_tests', tests))
  }
  expect(undeclared([]).problem?.code).toBe('never_logged')
  expect(undeclared(['eval_a_loss', 'eval_b_loss', 'eval_f1']).problem?.code).toBe('several_losses')
  const rows = {
    evaluations: evaluations(
      [100, { eval_acc: 1, eval_f1: 0 }],
      [200, { eval_acc: 0, eval_f1: 1 }],
    ),
    checkpoints: checkpoints(100, 200),
  }
  const { best, metric, reason, skipped } = choose(rows)
  expect({ best, metric }).toEqual({ best: null, metric: null })
  expect(reason).toContain('which of these decides: eval_acc, eval_f1.')
  const none = { reason: 'no_metric', text: 'no metric decides, so it cannot be compared' }
  expect(skipped).toMatchObject([none, none])
})

test('a metric that could not be compared is named with the options that compare it', () => {
  const { because } = undeclared(['zorp', 'eval_acc', 'test_zork'])
  expect(because).toContain('eval_acc is the only metric with a known direction')
  expect(because).toContain('zorp has none: use --metric zorp --mode max, or min')
  expect(because).not.toContain('that was measured')
})

test('if there are several losses, none decides; test and training losses do not count', () => {
  const losses = ['eval_a_loss', 'eval_b_loss']
  expect(lowestLoss(losses)).toEqual({
    ...{ metric: 'eval_loss', basis: 'nobody', direction: 'min', because: null },
    problem: { code: 'several_losses', losses },
  })
  const one = ['test_loss', 'train/loss', 'eval_a_loss']
  expect(lowestLoss(one)).toMatchObject({ metric: 'eval_a_loss', problem: null })
  expect(lowestLoss(['eval_test_loss'])).toMatchObject({ metric: 'eval_test_loss', problem: null })
  expect(lowestLoss(['eval_f1']).problem).toEqual({
    ...{ code: 'never_logged', metric: 'eval_loss', logged: ['eval_f1'] },
  })
})

test('the reason names who decided, for each kind of author', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, eval_f1: 0.5 }],
    [200, { eval_loss: 2, eval_f1: 1 }],
  )
  const given = { evaluations: rows, checkpoints: checkpoints(100, 200) }
  const declaration = (metric: string | null, declared_by: string | null) => ({
    declaration: { metric, direction: null, declared_by },
  })
  const reason = (more: Parameters<typeof choose>[0]) => choose({ ...given, ...more }).reason
  expect(reason(declaration('eval_f1', 'a.yaml:3'))).toMatch(/[Dd]eclared by a\.yaml:3\.$/)
  expect(reason(declaration('eval_f1', null))).toMatch(/[Dd]eclared by the run\.$/)
  expect(reason({ options: { metric: 'eval_f1', by: 'ana' } })).toMatch(/[Cc]hosen by ana\.$/)
  expect(reason({ options: { metric: 'eval_f1' } })).not.toMatch(/chosen|declared|asked/i)
  expect(reason({})).toMatch(/[Tt]he run does not say which metric decides\.$/)
  const undeclaredBy = (by?: string) => ({
    options: { undeclared: { metric: 'f1', direction: null }, ...(by ? { by } : {}) },
  })
  expect(reason(undeclaredBy('ana'))).toMatch(/[Cc]hosen by ana for runs that declare no metric\.$/)
  expect(reason(undeclaredBy())).toMatch(/[Cc]hosen for runs that declare no metric\.$/)
})

test("the project's answer of several metrics needs all of them", () => {
  const rows = evaluations(
    [100, { eval_a_loss: 1, eval_loss: 5 }],
    [200, { eval_a_loss: 2, eval_loss: 4 }],
  )
  const given = { evaluations: rows, checkpoints: checkpoints(100, 200) }
  const decided = (metric: string) =>
    choose({ ...given, options: { undeclared: { metric, direction: null } } }).metric
  expect(decided('mean(eval_a_loss, eval_loss)')).toBe('mean(eval_a_loss, eval_loss)')
  expect(decided('mean(eval_a_loss, eval_b_loss)')).toBe('eval_loss')
})

test('the reason names a declared metric that was refused, beside the metric that decides', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, 'rewards/chosen': 1, 'rewards/accuracies': 0.5 }],
    [200, { eval_loss: 2, 'rewards/chosen': 1, 'rewards/accuracies': 0.6 }],
  )
  const declaration = { metric: 'eval_loss', direction: null, declared_by: 'a.yaml:3' }
  const { metric, declared_by } = choose({
    evaluations: rows,
    checkpoints: checkpoints(100),
    declaration,
  })
  expect(metric).toBe('rewards/accuracies')
  expect(declared_by).toMatch(/^eval_loss was declared by a\.yaml:3; in preference training/)
})

test('a loss comes before a task metric, even if its direction is unknown', () => {
  expect(undeclared(['accuracy_loss', 'eval_f1'])).toMatchObject({ metric: 'accuracy_loss' })
})

test('eval_loss goes before other losses', () => {
  expect(lowestLoss(['eval_a_loss', 'eval_loss'])).toMatchObject({
    ...{ metric: 'eval_loss', problem: null },
  })
})

test('the reason names who decided beside the rule, also for a record and an unnamed author', () => {
  const rows = evaluations([100, { eval_f1: 0.5 }], [200, { eval_f1: 1 }])
  const input = {
    ...{ policy: 'as_declared' as const, evaluations: rows, checkpoints: checkpoints(100, 200) },
    declaration: { metric: null, direction: null, declared_by: null },
  }
  const recorded = { path: null, step: 200, value: 1, metric: 'eval_f1' }
  expect(choose({ ...input, claim: recorded }).reason).toMatch(
    /[Dd]eclared by the trainer's record\.$/,
  )
})

test('an aggregate uses the logged directions of its parts', () => {
  const rows = evaluations([100, { zorp: 1, zarp: 3 }], [200, { zorp: 2, zarp: 3 }])
  const none = { metric: null, direction: null, declared_by: null }
  const mean = (declaration: Parameters<typeof choose>[0]['declaration']) =>
    choose({
      ...{
        evaluations: rows,
        checkpoints: checkpoints(100, 200),
        declaration: declaration ?? none,
      },
      options: { metric: 'mean(zorp, zarp)' },
    }).best?.step
  expect(mean({ ...none, directions: { zorp: 'max', zarp: 'max' } })).toBe(200)
  expect(mean({ ...none, directions: { zorp: 'min', zarp: 'max' } })).toBeUndefined()
  expect(mean(none)).toBeUndefined()
})

test('a function of the loss decides in its place, however its name is written', () => {
  for (const metric of ['eval_bits_per_byte', 'eval_bits per byte', 'eval_ppl'])
    expect(undeclared([metric])).toMatchObject({ metric, basis: 'nobody', direction: 'min' })
})

test('the direction of an only metric is asked for, until it is given', () => {
  const problem = { code: 'direction_unknown', metric: 'eval_zeta' }
  expect(undeclared(['eval_zeta'])).toEqual({
    ...{ metric: 'eval_zeta', basis: 'nobody', direction: null, because: null, problem },
  })
  const given = { evaluations: evaluations([100, { eval_zeta: 1 }]), checkpoints: checkpoints(100) }
  const undeclaredRun = { metric: null, direction: null, declared_by: null }
  const input = {
    policy: 'as_declared',
    declaration: undeclaredRun,
    claim: null,
    ...given,
  } as const
  expect(decisionOf(input).decided.problem).toEqual(problem)
  expect(choose(given).best).toBeNull()
  expect(choose({ ...given, options: { direction: 'max' } })).toMatchObject({
    ...{ metric: 'eval_zeta', direction: 'max', best: { step: 100 } },
  })
})
