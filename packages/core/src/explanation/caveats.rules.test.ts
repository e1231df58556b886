import { expect, test } from 'vitest'
import type { SelectionInput } from '../selection/input.ts'
import { checkpoints, claim, evaluations } from '../selection/testing.ts'
import type { NoteCode } from './explanation.ts'
import { explained, losses, toneOf } from './testing.ts'

const textOf = (code: NoteCode, ...given: Parameters<typeof explained>) =>
  explained(...given).notes.find((note) => note.code === code)?.text ?? null

const values = (...rows: Record<string, number>[]) => ({
  evaluations: evaluations(...rows.map((row, index) => [100 * (index + 1), row] as const)),
})

test('preference training shows its signals at the chosen checkpoint, and no other values', () => {
  const rows = values(
    { win_rate: 0.2, 'rewards/margins': 1, eval_f1: 0.77 },
    { win_rate: 0.9, 'rewards/margins': 2, eval_f1: 0.66 },
  )
  const text = textOf('preference_training', rows)
  expect(text).toContain('step 200: win_rate 0.9, rewards/margins 2.')
  expect(text).not.toContain('eval_f1')
  expect(textOf('preference_training', { ...rows, checkpoints: [] })).not.toContain('step')
})

test('a falling reward of the chosen answers is noted with its fall', () => {
  const chosen = (...rewards: readonly number[]) =>
    textOf(
      'preference_training',
      values(...rewards.map((one) => ({ win_rate: 1, 'rewards/chosen': one }))),
    )
  expect(chosen(-1, NaN, -3.5)).toContain('fell by 2.5')
  expect(chosen(-1, -3.5, NaN)).toContain('fell by 2.5')
  for (const kept of [chosen(1, 2), chosen(1, 1), chosen(0, 1)]) expect(kept).not.toContain('fell')
})

test('if a word error rate decides, a loss that rose again is noted', () => {
  const speech = (...rows: Record<string, number>[]) => textOf('speech', values(...rows))
  const rose = speech(
    { wer: 3, eval_loss: 1 },
    { wer: 2, eval_loss: 3 },
    { wer: 1, eval_loss: 2.5 },
  )
  expect(rose).toContain('+1.5')
  expect(speech({ wer: 3, eval_loss: 2 }, { wer: 2, eval_loss: 1 })).toBeNull()
  expect(speech({ wer: 3, eval_loss: 1 }, { wer: 2, eval_loss: NaN })).toBeNull()
  expect(speech({ wer: 3 }, { wer: 2 })).toBeNull()
  const rows = values({ wer: 3, eval_loss: 1 }, { wer: 2, eval_loss: 2 })
  expect(toneOf('speech', rows)).toBe('note')
  expect(toneOf('speech', { ...rows, options: { metric: 'wer' } })).toBeNull()
  expect(toneOf('speech', { ...values({ eval_loss: 3 }, { eval_loss: 2 }) })).toBeNull()
})

test('an accuracy and loss that do not change are noted; ones that do are not', () => {
  const stuck = (accuracy: readonly number[], loss: readonly number[], name = 'eval_accuracy') =>
    toneOf(
      'constant_accuracy',
      values(...accuracy.map((one, index) => ({ [name]: one, eval_loss: loss[index]! }))),
    )
  const still = [1.386, 1.385, 1.3855, 1.385]
  expect(stuck([0.25, 0.25, 0.251, 0.25], still)).toBe('warning')
  expect(stuck([0.25, 0.25, NaN, 0.25], still)).toBeNull()
  expect(stuck([0.25, 0.25, 0.25], still)).toBeNull()
  // A model that learned, but whose answers at the end are alike on a small evaluation set.
  expect(stuck([0.5, 0.8, 0.8, 0.8, 0.8], [2, 1, 1, 1, 1])).toBeNull()
  expect(stuck([0.8, 0.8, 0.8, 0.8], [0.6, 0.5, 0.4, 0.3])).toBeNull()
  expect(stuck([0.25, 0.26, 0.25, 0.25], still)).toBeNull()
  expect(stuck([0.25, 0.25, 0.25, 0.25], [1.4, NaN, 1.4, 1.4])).toBeNull()
  for (const other of ['token_acc', 'acc_norm', 'eval_f1']) {
    expect(stuck([0.25, 0.25, 0.25, 0.25], still, other)).toBeNull()
  }
})

test('averaged weights that decide have another note than averaged weights that do not', () => {
  const ema = values({ EMA_acc: 0.5 }, { EMA_acc: 0.6 })
  expect(textOf('averaged_weights', { ...ema, options: { metric: 'EMA_acc' } })).toContain('(ema)')
  const beside = { a_ema: 1, b_ema: 1, c_swa: 1, d_swa: 1, eval_loss: 1 }
  expect(textOf('averaged_weights', values(beside, beside))).toContain('(a_ema, b_ema, c_swa)')
})

test('losses on different scales are a note, and different samples are a warning', () => {
  const early = { count: 5, sum: 5 * Math.log(4), squares: 5 * Math.log(4) ** 2 }
  const loss_scale = { compared: 6, far_above: 4, first_epoch: 1, far_below: 0, early }
  expect(toneOf('unlike_scales', { evaluations: losses([2, 1]) }, { loss_scale })).toBe('note')
  expect(textOf('unlike_scales', { evaluations: losses([2, 1]) }, { loss_scale })).toContain('4 ×')
  const sampled = losses([2, 1]).map((row, index) => ({ ...row, samples: 100 * (index + 1) }))
  expect(toneOf('unlike_samples', { evaluations: sampled })).toBe('warning')
})

test('an active run that saves may still save its newest evaluation, so it is not called missed yet', () => {
  const missed = (alive: boolean, ...losses: [number, number][]) =>
    textOf(
      'missed_best',
      { evaluations: evaluations(...losses), checkpoints: checkpoints(100) },
      { alive },
    )
  expect(missed(true, [100, 3], [200, 2])).toBeNull()
  expect(missed(false, [100, 3], [200, 2])).toContain('Step 200')
  expect(missed(true, [100, 3], [200, 2], [300, 4])).toContain('Step 200')
})

test('a missed best advises a save at each evaluation, if evaluations are regular', () => {
  const advice = (steps: readonly number[], alive = true) =>
    textOf(
      'missed_best',
      { evaluations: evaluations(...steps.map((step) => [step, -step] as const)), checkpoints: [] },
      { alive },
    )
  expect(advice([100])).toContain('every 100 steps')
  expect(advice([50, 150, 250])).toContain('every 100 steps')
  expect(advice([100, 200, 250])).toContain('at every evaluation')
  expect(advice([0])).toContain('at every evaluation')
  expect(advice([100, 200], false)).not.toContain('every')
  expect(toneOf('missed_best', { evaluations: losses([2, 1]), checkpoints: [] })).toBe('warning')
})

test('a save outside the interval gives no warning, in any order of saves', () => {
  const given = { evaluations: losses([1, 2, 3]), checkpoints: checkpoints(300, 100, 200) }
  const context = { alive: true, save_steps: 1000 }
  expect(toneOf('may_be_missed', given, context)).toBeNull()
  const stepless = { step: null, path: 'last' }
  const unsaved = { ...given, checkpoints: checkpoints(100, stepless, 200) }
  expect(toneOf('may_be_missed', { ...unsaved, evaluations: losses([1, 2]) }, context)).toBeNull()
  expect(toneOf('may_be_missed', unsaved, context)).toBe('warning')
  expect(toneOf('may_be_missed', { ...unsaved, among: 'evaluations' }, context)).toBeNull()
})

test('a record of the wrong end is an alarm only if the metric is measured and its direction is usual', () => {
  const rows = values(
    { eval_wer: 0.4, zorp: 1 },
    { eval_wer: 0.9, zorp: 3 },
    { eval_wer: 0.6, zorp: 2 },
  )
  const alarm = (step: number, value: number, more: Partial<SelectionInput> = {}) =>
    toneOf('wrong_direction', { ...rows, claim: claim(null, step, value), ...more })
  expect(alarm(200, 0.9)).toBe('alarm')
  expect(alarm(100, 0.4)).toBeNull()
  expect(alarm(300, 0.6)).toBeNull()
  expect(alarm(300, 99)).toBeNull()
  const reversed = { options: { metric: 'eval_wer', direction: 'max' as const } }
  expect(alarm(100, 0.4, reversed)).toBeNull()
  const shares = values({ acc: 0.4 }, { acc: 0.9 })
  expect(toneOf('wrong_direction', { ...shares, claim: claim(null, 100, 0.4) })).toBe('alarm')
})

test('the question appears once, and only for runs that declared nothing', () => {
  const rows = values(
    { eval_a_loss: 1, eval_b_loss: 3, eval_c_loss: 1, eval_d_loss: 1, eval_e_loss: 1 },
    { eval_a_loss: 2, eval_b_loss: 2, eval_c_loss: 2, eval_d_loss: 2, eval_e_loss: 2 },
  )
  const choicesOf = (more: Partial<SelectionInput> = {}) =>
    explained({ ...rows, ...more }).question?.choices.length ?? 0
  expect(choicesOf()).toBe(4)
  expect(choicesOf({ policy: 'lowest_eval_loss' })).toBe(0)
  expect(choicesOf({ policy: 'metric' })).toBe(0)
  expect(choicesOf({ options: { undeclared: { metric: 'zorp', direction: null } } })).toBe(0)
  expect(choicesOf({ declaration: { metric: 'zorp', direction: null, declared_by: 'a' } })).toBe(0)
  expect(choicesOf({ evaluations: [] })).toBe(0)
})

test('with many classes the metric over all of them is first in the question', () => {
  const names = ['eval_loss', 'eval_LOC_f1', 'eval_ORG_f1', 'eval_overall_f1', 'eval_acc']
  const rows = values(
    ...[1, 2].map((value) => Object.fromEntries(names.map((name) => [name, value]))),
  )
  const { question, winners } = explained(rows)
  const ordered = ['eval_overall_f1', 'eval_acc', 'eval_LOC_f1', 'eval_ORG_f1']
  expect(winners.map(({ metric }) => metric)).toEqual(ordered)
  expect(question?.choices.map(({ metric }) => metric)).toEqual([
    'eval_loss',
    ...ordered.slice(0, 3),
  ])
})

test('preference training without a signal of progress gives the question too', () => {
  const rows = values({ 'rewards/chosen': 1, eval_f1: 1 }, { 'rewards/chosen': 1, eval_f1: 2 })
  expect(explained(rows).question?.choices.map(({ metric }) => metric)).toEqual(['eval_f1'])
})

test('a task metric that agrees gives no question, and neither does another loss', () => {
  const agreeing = values({ eval_loss: 1, f1: 2 }, { eval_loss: 2, f1: 1 })
  expect(explained(agreeing).question).toBeNull()
  const loss = values({ eval_loss: 1, eval_b_loss: 2 }, { eval_loss: 2, eval_b_loss: 1 })
  expect(explained(loss).question).toBeNull()
  const differing = values({ eval_loss: 1, f1: 1 }, { eval_loss: 2, f1: 2 })
  expect(explained(differing).question?.choices).toHaveLength(2)
  expect(explained({ ...differing, checkpoints: [] }).question).toBeNull()
  expect(explained({ ...differing, options: { metric: 'eval_loss' } }).question).toBeNull()
})

test('scores after training that pick another checkpoint give the question until a person answers', () => {
  const rows = evaluations([100, { eval_loss: 1, mmlu: 1 }], [200, { eval_loss: 2, mmlu: 2 }])
  const scored = rows.map((row) => {
    return { ...row, details: { mmlu: { origin: null, samples: null, scored_by: 'ana' } } }
  })
  const declaration = {
    ...{ metric: 'eval_loss', direction: 'min' as const, declared_by: 'the run' },
    directions: { mmlu: 'max' as const },
  }
  const questionOf = (evaluations: typeof rows, more: Partial<SelectionInput> = {}) =>
    explained({ evaluations, declaration, ...more }).question
  const question = questionOf(scored)
  expect(question?.code).toBe('scores')
  expect(question?.choices.map(({ metric, best }) => [metric, best.step])).toEqual([
    ['eval_loss', 100],
    ['mmlu', 200],
  ])
  expect(question?.text).toMatch(/^Scores measured after training pick another checkpoint: /)
  // The person who declared a metric already knows what else the run measured.
  expect(questionOf(rows)).toBeNull()
  expect(questionOf(scored, { options: { metric: 'eval_loss' } })).toBeNull()
  expect(questionOf(scored, { declaration: { ...declaration, metric: null } })?.code).toBe(
    'undeclared',
  )
  const agreeing = scored.map((row) => ({ ...row, values: { ...row.values, mmlu: -row.step } }))
  expect(questionOf(agreeing)).toBeNull()
})

test('a metric whose best is at the same step of another attempt does not agree', () => {
  const rows = evaluations([100, { eval_loss: 1, f1: 1 }], [100, { eval_loss: 2, f1: 2 }, 1])
  expect(explained({ evaluations: rows }).winners).toMatchObject([{ metric: 'f1', agrees: false }])
})

test('columns of preference training in the training log count too', () => {
  const logged = { logged: ['reward', 'kl', 'completions/mean_length'] }
  const rows = values({ eval_loss: 2 }, { eval_loss: 1 })
  expect(toneOf('preference_training', rows, logged)).toBe('warning')
})

test('a plain run gets no note but its own', () => {
  const codes = (...given: Parameters<typeof explained>) =>
    explained(...given).notes.map(({ code }) => code)
  const steady = values({ eval_loss: 3, eval_wer: 4 }, { eval_loss: 2, eval_wer: 3 })
  expect(codes(values({ eval_loss: 3 }, { eval_loss: 2 }, { eval_loss: 2.5 }))).toEqual([])
  expect(codes(steady)).toEqual([])
  const few = values({ eval_loss: 2, eval_accuracy: 0.5 }, { eval_loss: 2, eval_accuracy: 0.5 })
  expect(codes(few)).toEqual([])
  const moved = [0.1, 0.3, 0.5, 0.2].map((eval_accuracy, at) => ({
    eval_loss: 4 - at,
    eval_accuracy,
  }))
  expect(codes(values(...moved))).toEqual(['other_winner'])
  const among = { ...values({ eval_loss: 3 }, { eval_loss: 2 }), among: 'evaluations' as const }
  expect(codes(among, { alive: true, save_steps: 1000 })).toEqual([])
  const falling = values({ eval_loss: 3 }, { eval_loss: 2 }).evaluations.map((row) => {
    return { ...row, epoch: 0.5 }
  })
  expect(codes({ evaluations: falling }, { alive: true })).toEqual([])
})

test('an accuracy is stuck within 0.005, and a loss within 1 %; missing values do not count', () => {
  const stuck = (accuracies: readonly number[], loss: readonly number[]) =>
    toneOf(
      'constant_accuracy',
      values(
        { eval_loss: loss[0]! },
        ...accuracies.map((eval_accuracy, at) => ({ eval_accuracy, eval_loss: loss[at]! })),
      ),
    )
  const flat = [100, 100, 100, 100]
  expect(stuck([0, 0, 0, 0.005], flat)).toBe('warning')
  expect(stuck([0, 0, 0, 0.006], flat)).toBeNull()
  expect(stuck([0, 0, 0, 0], [100, 100, 100, 101])).toBe('warning')
  expect(stuck([0, 0, 0, 0], [100, 100, 100, 101.5])).toBeNull()
})

test('a missed best of a run that ended gives no advice', () => {
  const text = textOf('missed_best', { evaluations: losses([2, 1]), checkpoints: checkpoints(100) })
  expect(text).toMatch(/[^.]\.$/)
  expect(text).not.toContain('  ')
})

test('the newest evaluation is the one of its own attempt', () => {
  const rows = evaluations([100, 3, 0], [200, 1, 0], [200, 2, 1])
  const saved = checkpoints(100, { step: 200, attempt: 1 })
  const missed = textOf('missed_best', { evaluations: rows, checkpoints: saved }, { alive: true })
  expect(missed).toContain('Step 200')
})

test('an alarm about a direction names what would be best in the other, if anything was saved', () => {
  const declaration = { metric: 'eval_loss', direction: 'max' as const, declared_by: 'a config' }
  const text = (saved: number[]) =>
    textOf('wrong_direction', {
      ...{ evaluations: losses([3, 1, 2]), declaration },
      checkpoints: checkpoints(...saved),
    })
  expect(text([100, 200, 300])).toMatch(/with min\. Then step 200 is best \(1\)\.$/)
  expect(text([])).toMatch(/with min\.$/)
})
