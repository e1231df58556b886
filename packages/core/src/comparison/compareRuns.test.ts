import { expect, test } from 'vitest'
import { select } from '../selection/select.ts'
import { checkpoints, evaluations } from '../selection/testing.ts'
import { codesOf, compare, groupNames, run } from './testing.ts'

test('the run with the best checkpoint wins, and the text names both', () => {
  const comparison = compare(
    run('lr1e-2', [
      [20, 3],
      [40, 2.68],
    ]),
    run('lr3e-2', [
      [40, 2.7],
      [60, 2.669],
    ]),
  )
  expect(comparison.best).toMatchObject({ job_id: 'id-lr3e-2', checkpoint: { step: 60 } })
  expect(comparison.sentence).toBe(
    'lr3e-2 step 60 is best: eval_loss 2.669, the lowest of 2 runs. Next is lr1e-2 step 40 (+0.011).',
  )
  expect(comparison.runs).toMatchObject([
    { name: 'lr3e-2', rank: 1, is_best: true, difference: 0 },
    { name: 'lr1e-2', rank: 2, is_best: false, is_tied: false },
  ])
})

test("a run's best is the one on its page, with any policy", () => {
  const tuned = run('tuned', [[10, 3]], {
    input: {
      policy: 'metric',
      options: { metric: 'eval_f1', direction: 'max' },
      evaluations: evaluations(
        [10, { eval_loss: 1, eval_f1: 0.2 }],
        [20, { eval_loss: 2, eval_f1: 0.4 }],
      ),
      checkpoints: checkpoints(10, 20),
    },
  })
  const [compared] = compare(tuned).runs
  const { best, reason, metric } = select(tuned.input)
  expect(compared).toMatchObject({ best, reason, metric })
  expect(compared?.best?.step).toBe(20)
})

test('the order of the runs makes no difference', () => {
  const runs = [
    run('a', [[10, 2]]),
    run('b', [[10, 1]]),
    run('c', [[10, 1]]),
    run('d', [[10, NaN]]),
  ] as const
  const [a, b, c, d] = runs
  expect(compare(d, c, b, a)).toEqual(compare(a, b, c, d))
})

test('if values are equal, the earlier step wins, then the name, and the tie is reported', () => {
  const comparison = compare(run('b', [[20, 1]]), run('c', [[10, 1]]), run('a', [[20, 1]]))
  expect(groupNames(comparison)).toEqual([['c', 'a', 'b']])
  expect(comparison.sentence).toContain('a step 20 has the same value.')
})

test('runs within the noise of the best are marked and named', () => {
  const curve = [3, 2.2, 2.5, 2, 2.4, 2.1, 2.3, 2.2].map((loss, at) => [10 * at, loss] as const)
  const comparison = compare(
    run('noisy', curve),
    run('near', [[10, 2.05]]),
    run('far', [[10, 2.9]]),
  )
  const [noisy, near, far] = comparison.runs
  expect([noisy?.is_best, near?.is_tied, far?.is_tied]).toEqual([true, true, false])
  expect(comparison.sentence).toMatch(/near step 10 is within the noise \(±0\.\d+\)\.$/)
  expect(codesOf(comparison)).not.toContain('noise_unknown')
})

test('if the noise is unknown, nothing is called a tie, and a note says so', () => {
  const comparison = compare(run('a', [[10, 2]]), run('b', [[10, 2.0001]]))
  expect(comparison.runs.some(({ is_tied }) => is_tied)).toBe(false)
  expect(codesOf(comparison)).toContain('noise_unknown')
})

test('runs with different metrics or directions are never ranked together', () => {
  const f1 = (name: string, value: number) => run(name, [[10, { eval_f1: value }]])
  const upward = run('up', [[10, { eval_score_x: 1 }]], {
    input: { declaration: { metric: 'eval_score_x', direction: 'max', declared_by: 'x' } },
  })
  const downward = run('down', [[10, { eval_score_x: 2 }]], {
    input: { declaration: { metric: 'eval_score_x', direction: 'min', declared_by: 'x' } },
  })
  const comparison = compare(
    run('loss', [[10, 2]]),
    f1('one', 0.5),
    f1('two', 0.6),
    upward,
    downward,
  )
  expect(comparison.best).toBeNull()
  expect(groupNames(comparison)).toEqual([['two', 'one'], ['loss'], ['up'], ['down']])
  expect(codesOf(comparison)).toContain('different_metrics')
  expect(comparison.sentence).toBe(
    'The 5 runs cannot all be compared, so each of 4 groups has its own best.',
  )
  expect(comparison.groups[1]?.sentence).toBe(
    'loss step 10: eval_loss 2. No other run can be compared with it.',
  )
})

test('a run that measured only NaN has no best and hides no other run', () => {
  const comparison = compare(run('nan', [[10, NaN]]), run('fine', [[10, 2]]))
  expect(comparison.best?.job_id).toBe('id-fine')
  expect(comparison.runs.at(-1)).toMatchObject({ name: 'nan', rank: null, best: null })
  expect(comparison.notes).toContainEqual({
    ...{ code: 'no_best', job_ids: ['id-nan'] },
    text: 'nan has no checkpoint that can be chosen.',
  })
})

test('if no run has a best, the text says so', () => {
  const none = compare(run('a', [[10, NaN]]), run('b', []))
  expect(none).toMatchObject({
    ...{ best: null, groups: [] },
    sentence: 'None of the 2 runs has a checkpoint that can be chosen.',
  })
  expect(compare()).toMatchObject({ best: null, sentence: 'There is no run to compare.' })
  const empty = run('b', [])
  expect(compare(empty).sentence).toBe(`b: ${select(empty.input).reason}`)
})

test('one run alone is its own best', () => {
  const comparison = compare(run('only', [[10, 2]]))
  expect(comparison.best).toMatchObject({ job_id: 'id-only', checkpoint: { step: 10 } })
  expect(comparison.sentence).toBe(
    'only step 10: eval_loss 2. No other run can be compared with it.',
  )
})

test('runs with the same name are shown with the beginning of their ids', () => {
  const comparison = compare(
    run('moby', [[10, 2]], { job_id: 'aaaaaaaa-1' }),
    run('moby', [[10, 1]], { job_id: 'bbbbbbbb-2' }),
    run(' ', [[10, 3]], { job_id: 'cccccccc-3' }),
  )
  expect(comparison.sentence).toMatch(/^moby \(bbbbbbbb\) step 10 .* moby \(aaaaaaaa\) step 10/)
  expect(compare(run(' ', [[10, 3]], { job_id: 'cccccccc-3' })).sentence).toMatch(/^job cccccccc/)
})

test('a better evaluation without a checkpoint is noted, and does not win', () => {
  const missed = run('missed', [], {
    input: { evaluations: evaluations([10, 3], [20, 1]), checkpoints: checkpoints(10) },
  })
  const comparison = compare(missed, run('saved', [[10, 2]]))
  expect(comparison.best?.job_id).toBe('id-saved')
  expect(comparison.notes.find(({ code }) => code === 'missed_best')?.text).toBe(
    'missed reached eval_loss 1 at step 20, but no checkpoint was found there.',
  )
})

test('an active run has a note, because the answer may change', () => {
  const comparison = compare(run('going', [[10, 2]], { alive: true }), run('done', [[10, 1]]))
  expect(comparison.notes.at(-1)).toMatchObject({
    ...{ code: 'still_running', job_ids: ['id-going'] },
    text: 'going is still running, so this may change.',
  })
})

test('a text gives the number of many runs and does not list them', () => {
  const many = Array.from({ length: 9 }, (_, at) => run(`r${at}`, [[10, NaN]]))
  const comparison = compare(run('a', [[10, 2]]), ...many)
  expect(comparison.notes.find(({ code }) => code === 'no_best')?.text).toBe(
    '9 runs have no checkpoint that can be chosen.',
  )
})
