import { expect, test } from 'vitest'
import { checkpoints, choose, claim, evaluations } from './testing.ts'
import { directionProblem } from './decision.ts'

const rows = evaluations([100, 3], [200, 2], [300, 1])

test('a checkpoint that is still being written is skipped with that reason', () => {
  const writing = checkpoints(100, { step: 300, files_state: 'writing' })
  const { best, skipped } = choose({ evaluations: rows, checkpoints: writing })
  expect(best?.step).toBe(100)
  expect(skipped).toMatchObject([
    { reason: 'writing', text: 'checkpoint-300 is still being written' },
  ])
})

test('a checkpoint without a step is skipped with that reason, after those with a step', () => {
  const saved = checkpoints({ step: null, path: 'last.ckpt' }, 300, { step: 900 })
  const { best, skipped } = choose({ evaluations: rows, checkpoints: saved })
  expect(best?.step).toBe(300)
  expect(skipped.map(({ reason }) => reason)).toEqual(['no_evaluation', 'no_step'])
  expect(skipped[0]?.text).toContain('no evaluation at step 900')
  expect(skipped[1]?.text).toContain('last.ckpt has no step number')
})

test('skipped checkpoints are listed by step, then by attempt', () => {
  const saved = checkpoints({ step: 900 }, { step: 800, attempt: 2 }, { step: 800, attempt: 1 })
  const { skipped } = choose({ evaluations: rows, checkpoints: saved })
  expect(skipped.map(({ step, attempt }) => [step, attempt])).toEqual([
    [800, 1],
    [800, 2],
    [900, 0],
  ])
})

test('missing files are named, with a reason and a value only if there are any', () => {
  const gone = checkpoints(100, { step: 900, files_state: 'missing' })
  const { skipped } = choose({ evaluations: rows, checkpoints: gone })
  expect(skipped[0]?.text).toBe('the files of checkpoint-900 are missing')
})

test('a null metric counts as missing, and a NaN metric as not finite', () => {
  const holes = evaluations([100, 1], [200, null], [300, NaN])
  const saved = checkpoints(100, 200, 300)
  const { skipped } = choose({ evaluations: holes, checkpoints: saved })
  expect(skipped.map(({ reason }) => reason)).toEqual(['no_metric', 'not_finite'])
})

test('an evaluation has its loss beside the deciding metric, or null', () => {
  const both = evaluations([100, { eval_loss: 2, eval_f1: 0.9 }], [200, { eval_f1: 0.5 }])
  const { ranking } = choose({
    ...{ evaluations: both, checkpoints: checkpoints(100, 200), options: { metric: 'eval_f1' } },
  })
  expect(ranking.map(({ eval_loss }) => eval_loss)).toEqual([2, null])
})

test('a ranked evaluation has its checkpoint only if that can be shipped', () => {
  const saved = checkpoints(
    { step: 300, checkpoint_id: 'c' },
    { step: null, path: 'last' },
    { step: 200, files_state: 'broken' },
  )
  const { ranking } = choose({ evaluations: rows, checkpoints: saved, among: 'evaluations' })
  expect(ranking.map(({ step, path, checkpoint_id }) => [step, path, checkpoint_id])).toEqual([
    [300, 'checkpoint-300', 'c'],
    [200, null, null],
    [100, null, null],
  ])
})

test('ranked evaluations have the metric, are finite and meet the conditions', () => {
  const holes = evaluations(
    [100, { eval_loss: 3, kl: 0 }],
    [200, { eval_loss: 2, kl: 9 }],
    [300, { eval_loss: null, kl: 0 }],
    [400, { eval_loss: NaN, kl: 0 }],
    [500, { kl: 0 }],
  )
  const subject_to = [{ metric: 'kl', relation: '<=' as const, bound: 1 }]
  const { ranking, skipped } = choose({
    ...{ evaluations: holes, among: 'evaluations', checkpoints: checkpoints(200) },
    ...{ options: { metric: 'eval_loss', subject_to } },
  })
  expect(ranking.map(({ step }) => step)).toEqual([100])
  expect(skipped.map(({ step, reason }) => [step, reason])).toEqual([
    [200, 'condition'],
    [300, 'not_finite'],
    [400, 'not_finite'],
  ])
  expect(skipped[0]).toMatchObject({ path: 'checkpoint-200' })
  expect(skipped[1]?.text).toBe('eval_loss is missing at step 300')
  expect(skipped[2]?.text).toBe('eval_loss is NaN at step 400')
})

test('when evaluations are ranked without files, none is a missed best', () => {
  const { missed_best, reason } = choose({ evaluations: rows, among: 'evaluations' })
  expect(missed_best).toBeNull()
  expect(reason).not.toContain('saved')
  const holes = evaluations([100, { eval_loss: 1, kl: 9 }], [200, { eval_loss: 2, kl: 0 }])
  const subject_to = [{ metric: 'kl', relation: '<=' as const, bound: 1 }]
  const options = { metric: 'eval_loss', subject_to }
  expect(
    choose({ evaluations: holes, checkpoints: checkpoints(200), options }).missed_best,
  ).toBeNull()
})

test('an evaluation as good as the best checkpoint is not missed, and attempts are separate', () => {
  const equal = evaluations([100, 1], [200, 1])
  expect(choose({ evaluations: equal, checkpoints: checkpoints(200) }).missed_best).toBeNull()
  const again = evaluations([100, 2], [200, { eval_loss: 1 }, 1])
  const { missed_best } = choose({ evaluations: again, checkpoints: checkpoints(100, 200) })
  expect(missed_best).toMatchObject({ step: 200, attempt: 1 })
})

test('if no evaluation was saved, the missed best says so', () => {
  const { missed_best } = choose({ evaluations: rows, checkpoints: checkpoints(900) })
  expect(missed_best?.text).toMatch(/: .*ship/)
})

test('a best whose files are lost is not a missed best, and the reason says what happened', () => {
  const broken = checkpoints(100, { step: 300, files_state: 'broken', files_why: 'cut short' })
  const { missed_best, reason } = choose({ evaluations: rows, checkpoints: broken })
  expect(missed_best).toBeNull()
  expect(reason).toContain('A better checkpoint cannot be shipped')
  expect(reason).toContain('cut short')
})

test('the margin is positive if the best is better, in either direction', () => {
  const shares = evaluations([100, { acc: 0.5 }], [200, { acc: 0.75 }])
  const given = { evaluations: shares, checkpoints: checkpoints(100, 200) }
  expect(choose({ ...given, options: { metric: 'acc' } }).margin).toBe(0.25)
  expect(choose({ ...given, options: { metric: 'acc', direction: 'min' } }).margin).toBe(0.25)
})

test('only policy within_noise uses a preference', () => {
  const options = { prefer: 'latest' as const }
  const given = { evaluations: rows, checkpoints: checkpoints(100), options }
  expect(choose(given).prefer).toBeNull()
  expect(choose({ ...given, policy: 'within_noise' }).prefer).toBe('latest')
})

test('nothing_to_choose says whether no evaluation was found', () => {
  expect(choose({}).nothing_to_choose).toMatchObject({ code: 'no_evaluation' })
  const unlogged = choose({ evaluations: rows, options: { metric: 'eval_f1' } })
  expect(unlogged).toMatchObject({ nothing_to_choose: null, best: null })
})

test('a direction without a metric is accepted only if the direction of the deciding metric is unknown', () => {
  const declaration = { metric: null, direction: null, declared_by: null }
  const input = (options: object, values = rows) => ({
    ...{ policy: 'as_declared' as const, declaration, claim: null, checkpoints: [] },
    ...{ evaluations: values, options },
  })
  expect(directionProblem(input({ direction: 'max' }))).toEqual({
    ...{ code: 'direction_known', metric: 'eval_loss', direction: 'min', requested: 'max' },
  })
  expect(directionProblem(input({}))).toBeNull()
  expect(directionProblem({ ...input({}), options: undefined })).toBeNull()
  expect(directionProblem(input({ metric: 'eval_loss', direction: 'max' }))).toBeNull()
  const zorp = evaluations([100, { zorp: 1 }], [200, { zorp: 1 }])
  const recorded = { ...input({ direction: 'max' }, zorp), claim: claim(null, 100, 1) }
  expect(directionProblem(recorded)).toBeNull()
  expect(directionProblem({ ...input({ direction: 'max' }), policy: 'metric' })).toBeNull()
})

test('different numbers of samples give a warning, but rounded ones do not', () => {
  const over = (...samples: (number | null)[]) => {
    const values = samples.map((count, index) => ({
      ...evaluations([100 * (index + 1), 3 - index])[0]!,
      samples: count,
    }))
    const other = { ...evaluations([900, { eval_f1: 1 }])[0]!, samples: 1 }
    const saved = checkpoints(...values.map(({ step }) => step))
    return choose({ evaluations: [...values, other], checkpoints: saved }).reason
  }
  expect(over(100, 200)).toContain('measured over 100 to 200 samples')
  expect(over(1000, null, 980)).toContain('measured over 980 to 1000 samples')
  expect(over(1000, 990)).not.toContain('measured over')
  expect(over(50, 51)).not.toContain('measured over')
  expect(over(50, 52)).toContain('measured over')
  expect(over(null, 100)).not.toContain('measured over')
})

test('a checkpoint without a step is not the checkpoint of step 0', () => {
  const first = evaluations([0, 1])
  const stepless = checkpoints({ step: null, path: 'last' })
  const { best, skipped } = choose({ evaluations: first, checkpoints: stepless })
  expect(best).toBeNull()
  expect(skipped).toMatchObject([{ reason: 'no_step' }])
  const ranked = choose({ evaluations: first, checkpoints: stepless, among: 'evaluations' })
  expect(ranked.best).toMatchObject({ step: 0, path: null })
})

test('a ranked evaluation finds its checkpoint, in any order of arrival', () => {
  const { ranking } = choose({
    ...{ evaluations: rows, checkpoints: checkpoints(300, 100, 200), among: 'evaluations' },
  })
  expect(ranking.map(({ path }) => path)).toEqual(
    [300, 200, 100].map((step) => `checkpoint-${step}`),
  )
})
