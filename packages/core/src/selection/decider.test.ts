import { expect, test } from 'vitest'
import { asLogged } from '../metric/evaluations.ts'
import { deciderWords } from './decider.ts'
import { decisionOf } from './decision.ts'
import type { Basis } from './selection.ts'
import { checkpoints, choose, claim, evaluations } from './testing.ts'

const SAVED = checkpoints(100, 200, 300)

test('the word error rate decides in speech recognition if no metric is declared, and the reason says so', () => {
  const rows = evaluations(
    [100, { eval_loss: 0.5, eval_wer: 0.4 }],
    [200, { eval_loss: 0.6, eval_wer: 0.3 }],
  )
  const { metric, best, reason } = choose({ evaluations: rows, checkpoints: SAVED })
  expect([metric, best?.step]).toEqual(['eval_wer', 200])
  expect(reason).toContain('eval_wer is an error rate, so it decides before the loss')
  const choice = choose({ evaluations: rows, checkpoints: SAVED, policy: 'lowest_eval_loss' })
  expect([choice.metric, choice.best?.step]).toEqual(['eval_loss', 100])
})

test('in preference training a reward decides, and the loss does not', () => {
  const rows = evaluations(
    [100, { eval_loss: 0.6, 'eval_rewards/chosen': 0.1, 'eval_rewards/accuracies': 0.6 }],
    [200, { eval_loss: 0.7, 'eval_rewards/chosen': 0.2, 'eval_rewards/accuracies': 0.8 }],
  )
  const given = { evaluations: rows, checkpoints: SAVED }
  expect(choose(given)).toMatchObject({ metric: 'eval_rewards/accuracies', best: { step: 200 } })
  const refused = choose({ ...given, policy: 'lowest_eval_loss' })
  expect(refused.best).toBeNull()
  expect(refused.reason).toContain('Logged: eval_rewards/accuracies')
})

test('a trainer that recorded the loss by default does not make it decide in preference training', () => {
  const rows = evaluations(
    [100, { eval_loss: 0.65, 'eval_rewards/accuracies': 0.6 }],
    [200, { eval_loss: 0.75, 'eval_rewards/accuracies': 0.8 }],
  )
  const given = { evaluations: rows, checkpoints: SAVED, claim: claim('checkpoint-100', 100, 0.65) }
  const { best, second_opinion } = choose(given)
  expect(best?.step).toBe(200)
  expect(second_opinion).toMatchObject({ agrees: false, because: 'other_metric' })
})

test('preference training without a signal of progress gives no choice', () => {
  const rows = evaluations([100, { eval_loss: 0.6, 'eval_rewards/chosen': 0.1 }])
  const { best, reason } = choose({ evaluations: rows, checkpoints: SAVED })
  expect(best).toBeNull()
  expect(reason).toContain('Choose the metric that decides. Logged: eval_rewards/chosen')
})

test("if nothing was declared, the project's answer decides, and the reason names who gave it", () => {
  const rows = evaluations(
    [100, { eval_loss: 1, eval_f1: 0.5 }],
    [200, { eval_loss: 2, eval_f1: 0.9 }],
  )
  const options = { undeclared: { metric: 'eval_f1', direction: null }, by: 'ana, 23 Nov 2026' }
  const given = { evaluations: rows, checkpoints: SAVED, options }
  const { best, declared_by } = choose(given)
  expect(best?.step).toBe(200)
  expect(declared_by).toBe('chosen by ana, 23 Nov 2026 for runs that declare no metric')
  const declared = { metric: 'loss', direction: null, declared_by: 'config.yaml:3' }
  expect(choose({ ...given, declaration: declared }).best?.step).toBe(100)
  const unlogged = evaluations([100, 1], [200, 2])
  expect(choose({ ...given, evaluations: unlogged }).metric).toBe('eval_loss')
})

test('a chosen aggregate of several evaluation sets decides, by the mean or the worst', () => {
  const rows = evaluations(
    [100, { eval_a_loss: 1, eval_b_loss: 5 }],
    [200, { eval_a_loss: 3, eval_b_loss: 3.5 }],
    [300, { eval_a_loss: 2, eval_b_loss: NaN }],
  )
  const given = { evaluations: rows, checkpoints: SAVED, policy: 'metric' as const }
  const mean = choose({ ...given, options: { metric: 'mean(eval_a_loss, eval_b_loss)' } })
  expect(mean.best).toMatchObject({ step: 100, value: 3 })
  expect(mean.skipped).toMatchObject([{ step: 300, reason: 'not_finite' }])
  const worst = choose({ ...given, options: { metric: 'worst(eval_a_loss, eval_b_loss)' } })
  expect(worst.best).toMatchObject({ step: 200, value: 3.5 })
  const unknown = choose({ ...given, options: { metric: 'mean(eval_a_loss, eval_c_loss)' } })
  expect(unknown.reason).toContain(
    'eval_c_loss was never logged. Did you mean eval_a_loss? Logged: ',
  )
})

test('an aggregate of metrics with opposite directions needs a chosen direction', () => {
  const rows = evaluations([100, { eval_loss: 1, eval_f1: 0.5 }])
  const options = { metric: 'mean(eval_loss, eval_f1)' }
  const { best, reason } = choose({
    evaluations: rows,
    checkpoints: SAVED,
    policy: 'metric',
    options,
  })
  expect(best).toBeNull()
  expect(reason).toContain('Choose min or max')
})

test('a candidate that breaks a condition is skipped, with its value', () => {
  const rows = evaluations(
    [100, { eval_f1: 0.7, eval_kl: 0.05 }],
    [200, { eval_f1: 0.9, eval_kl: 0.3 }],
    [300, { eval_f1: 0.8 }],
  )
  const subject_to = [{ metric: 'kl', relation: '<=' as const, bound: 0.1 }]
  const options = { metric: 'eval_f1', subject_to }
  const { best, skipped, missed_best } = choose({
    ...{ evaluations: rows, checkpoints: SAVED, policy: 'metric', options },
  })
  expect(best?.step).toBe(100)
  expect(missed_best).toBeNull()
  expect(skipped.map(({ reason, text }) => [reason, text])).toEqual([
    ['condition', 'eval_kl is 0.3 at step 200, and it must be at most 0.1'],
    ['condition', 'eval_kl is missing at step 300, and it must be at most 0.1'],
  ])
  const unknown = [{ metric: 'eval_zorp', relation: '<=' as const, bound: 1 }]
  expect(
    choose({
      evaluations: rows,
      checkpoints: SAVED,
      options: { metric: 'f1', subject_to: unknown },
    }).reason,
  ).toContain('eval_zorp was never logged. Logged: eval_f1, eval_kl')
})

test('a policy without a required option names the option', () => {
  const given = { evaluations: evaluations([100, 1], [200, 2]), checkpoints: SAVED }
  expect(choose({ ...given, policy: 'metric' }).reason).toContain(
    'Policy metric needs a metric. Logged: eval_loss',
  )
  expect(choose({ ...given, policy: 'within_noise' }).reason).toContain('earliest or latest')
  expect(choose({ ...given, policy: 'scored' }).reason).toContain(
    'Policy scored needs coefficients',
  )
})

test('a direction logged with a score counts if the name does not show one', () => {
  const rows = evaluations([100, { zorp: 3 }], [200, { zorp: 4 }])
  const declaration = {
    ...{ metric: null, direction: null, declared_by: null },
    directions: { zorp: 'max' as const },
  }
  const options = { metric: 'zorp' }
  const { best } = choose({ evaluations: rows, checkpoints: SAVED, declaration, options })
  expect(best?.step).toBe(200)
})

test('the held-out loss is found under the name of any program, and a test loss is not used', () => {
  const names = ['eval_loss', 'val_acc']
  for (const name of ['loss', 'val_loss', 'val/loss', 'eval_loss']) {
    expect(asLogged(name, names)).toBe('eval_loss')
  }
  expect(asLogged('test_loss', names)).toBe('test_loss')
  expect(asLogged('val_acc', names)).toBe('val_acc')
})

test('if a person chose the lowest loss, the reason names the person, even if the run declared another metric', () => {
  const given = { evaluations: evaluations([100, 1], [200, 2]), checkpoints: SAVED }
  const policy = 'lowest_eval_loss' as const
  expect(choose(given).reason).toContain('The run does not say which metric decides')
  expect(choose({ ...given, policy })).toMatchObject({
    declared_by: 'a person',
    reason: expect.not.stringContaining('nobody'),
  })
  const { reason } = choose({ ...given, policy, options: { by: 'ana, 23 Nov 2026' } })
  expect(reason).toMatch(/ Chosen by ana, 23 Nov 2026\.$/)
})

test('who decided is named, or that a person chose', () => {
  const words = (basis: Basis, declared_by: string | null) => deciderWords({ basis, declared_by })
  expect(words('chosen', null)).toBe('chosen by a person')
  expect(words('chosen', 'ana')).toBe('chosen by ana')
  expect(words('inferred', 'its files')).toBe('inferred from its files')
  expect(words('recorded', 'the run')).toBe('declared by the run')
  expect(words('project', 'chosen for runs that declare no metric')).toMatch(/^chosen for runs/)
})

test('a person must name the metric of policy metric', () => {
  const { decided } = decisionOf({
    ...{ policy: 'metric', options: {}, claim: null, checkpoints: [] },
    ...{ evaluations: evaluations([100, 1]) },
    declaration: { metric: null, direction: null, declared_by: null },
  })
  expect(decided).toEqual({
    ...{ metric: null, direction: null, basis: 'chosen', declared_by: null },
    problem: { code: 'needs_metric', logged: ['eval_loss'] },
  })
})

test('a refused loss is named as declared, with who declared it if that is known', () => {
  const rows = evaluations([100, { eval_loss: 0.6, 'eval_rewards/accuracies': 0.6 }])
  const by = (declared_by: string | null) =>
    choose({
      ...{ evaluations: rows, checkpoints: SAVED },
      declaration: { metric: 'eval_loss', direction: 'min', declared_by },
    }).declared_by
  expect(by('a config')).toMatch(/^eval_loss was declared by a config; in preference training/)
  expect(by(null)).toMatch(/^eval_loss was declared; in preference training/)
})
