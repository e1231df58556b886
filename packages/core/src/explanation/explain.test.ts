import { expect, test } from 'vitest'
import type { RunContext } from '../run/context.ts'
import { explain } from './explain.ts'
import type { NoteCode } from './explanation.ts'
import type { SelectionInput } from '../selection/input.ts'
import type { Evaluation } from '../run/rows.ts'
import { checkpoints, claim, evaluations } from '../selection/testing.ts'

function options(input: Partial<SelectionInput>, context: RunContext = {}) {
  return explain(
    {
      policy: 'as_declared',
      declaration: { metric: null, direction: null, declared_by: null },
      claim: null,
      evaluations: [],
      checkpoints: checkpoints(...(input.evaluations ?? []).map(({ step }) => step)),
      ...input,
    },
    context,
  )
}

function noted(code: NoteCode, ...given: Parameters<typeof options>) {
  return options(...given).notes.find((note) => note.code === code)
}

function reading(name: string, ...given: Parameters<typeof options>) {
  return options(...given).readings.find((one) => one.name === name)
}

/** eval_loss falls to step 300 and rises again; `more` adds values by index. */
function turned(more: (index: number) => Record<string, number> = () => ({})): Evaluation[] {
  const losses = [3, 2, 1, 1.2, 1.4, 1.6]
  return losses.map((eval_loss, index) => ({
    ...{ attempt: 0, step: 100 * (index + 1), epoch: index + 1, origin: null },
    values: { eval_loss, ...more(index) },
  }))
}

const FALLING: RunContext = { trainLoss: ({ step }) => 400 / step }

test('gap and ratio are shown at the chosen checkpoint, against the training loss before it', () => {
  expect(reading('loss_gap', { evaluations: turned() }, FALLING)).toMatchObject({
    value: 1 - 400 / 300,
    text: '−0.33333',
    remark: '0.75 × train',
  })
})

test('gap and overfitting are withheld where the losses of the run are not on one scale', () => {
  const early = { count: 5, sum: 5 * Math.log(4), squares: 5 * Math.log(4) ** 2 }
  const loss_scale = { compared: 6, far_above: 4, first_epoch: 1, far_below: 0, early }
  const given = [{ evaluations: turned() }, { ...FALLING, loss_scale }] as const
  expect(reading('loss_gap', ...given)).toMatchObject({ value: null, text: '–' })
  expect(noted('unlike_scales', ...given)?.text).toContain('different scales')
  expect(reading('overfitting_onset', ...given)).toBeUndefined()
})

test('perplexity is shown only for losses in nats per token; an overflow is infinite', () => {
  const given = { evaluations: evaluations([100, 2], [200, 3]) }
  expect(reading('perplexity', given)).toBeUndefined()
  const nats = { loss_unit: 'nats_per_token' } as const
  expect(reading('perplexity', given, nats)?.value).toBe(Math.exp(2))
  const over = { evaluations: evaluations([100, 1000], [200, 2000]) }
  expect(reading('perplexity', over, nats)).toMatchObject({ value: Infinity, text: 'Infinity' })
})

test('overfitting is noted only if eval_loss rises while the training loss falls', () => {
  expect(reading('overfitting_onset', { evaluations: turned() }, FALLING)?.value).toBe(300)
  expect(noted('overfitting', { evaluations: turned() }, FALLING)?.tone).toBe('warning')
  expect(noted('overfitting', { evaluations: turned() }, { trainLoss: () => 1 })).toBeUndefined()
})

test('overfitting is not noted while a task metric still improves', () => {
  const rows = turned((index) => ({ eval_f1: index / 10 }))
  expect(noted('overfitting', { evaluations: rows }, FALLING)).toBeUndefined()
  const note = noted('loss_rises', { evaluations: rows }, FALLING)
  expect(note).toMatchObject({ tone: 'note' })
  const { loss_turn } = options({ evaluations: rows }, FALLING)
  expect(loss_turn).toMatchObject({ step: 300, later: { metric: 'eval_f1', step: 600 } })
  expect(note?.text).toContain('at step 600. The metrics disagree about overfitting.')
})

test('evaluations without improvement count those that did not better it by more than min_delta', () => {
  const rows = evaluations([100, 2], [200, 1], [300, 0.95], [400, 0.93])
  const waiting = (min_delta: number) =>
    reading('evaluations_without_improvement', { evaluations: rows, options: { min_delta } })?.value
  expect([waiting(0), waiting(0.04), waiting(0.5), waiting(2)]).toEqual([0, 1, 2, 3])
})

test('the trend has its slope and the noise of that slope', () => {
  expect(reading('loss_trend', { evaluations: turned() })).toMatchObject({ value: 'flat' })
  const rising = evaluations([100, 1], [200, 2], [300, 3.1], [400, 4])
  const { value, remark } = reading('loss_trend', { evaluations: rising }) ?? {}
  expect([value, remark]).toEqual([
    'rising',
    expect.stringMatching(/^\+1\.01 ± 0\.0\d+ per 100 steps over the last 4 evaluations$/),
  ])
})

test('what another metric would pick is shown even if many others have no direction', () => {
  const zorps = (index: number): [string, number][] =>
    Array.from({ length: 20 }, (_, at) => [`eval_a_zorp_${at}`, index])
  const rows = turned((index) => ({ ...Object.fromEntries(zorps(index)), eval_rouge1: index }))
  expect(options({ evaluations: rows }).winners).toMatchObject([{ metric: 'eval_rouge1' }])
})

test('the picks of other metrics are shown, each in its direction, without test splits', () => {
  const rows = turned((index) => ({ eval_f1: index / 10, test_f1: index, eval_zorp: index }))
  const { winners, notes } = options({ evaluations: rows })
  expect(winners).toMatchObject([{ metric: 'eval_f1', best: { step: 600 }, agrees: false }])
  expect(notes.find(({ code }) => code === 'other_winner')?.text).toBe(
    'eval_f1 would pick step 600 (0.5).',
  )
})

test('a project gets the question once, if nothing was declared and a task metric picks another checkpoint', () => {
  const rows = turned((index) => ({ eval_f1: index / 10 }))
  const context = { project: 'tiny' }
  const { question } = options({ evaluations: rows }, context)
  expect(question?.choices.map(({ metric, best }) => [metric, best.step])).toEqual([
    ['eval_loss', 300],
    ['eval_f1', 600],
  ])
  expect(question?.text).toContain('Which one decides for all runs of the project “tiny”?')
  const undeclared = { metric: 'eval_loss', direction: null }
  const declaration = { metric: 'f1', direction: null, declared_by: 'the arguments' }
  const quiet = [
    { options: { undeclared } },
    { declaration },
    { policy: 'lowest_eval_loss' as const },
    { evaluations: turned() },
    { evaluations: turned((index) => ({ eval_f1: -Math.abs(index - 2) })) },
  ]
  for (const one of quiet)
    expect(options({ evaluations: rows, ...one }, context).question).toBeNull()
})

test('with several undeclared evaluation sets each has its winner, and the project gets the question', () => {
  const rows = evaluations(
    [100, { eval_a_loss: 1, eval_b_loss: 3 }],
    [200, { eval_a_loss: 2, eval_b_loss: 2 }],
  )
  const { winners, question, sentence } = options({ evaluations: rows })
  expect(sentence).toContain('eval_a_loss, eval_b_loss')
  expect(winners.map(({ metric, best }) => [metric, best.step])).toEqual([
    ['eval_a_loss', 100],
    ['eval_b_loss', 200],
  ])
  expect(question?.choices).toHaveLength(2)
})

test("an alarm says that the trainer's options optimise a metric in the wrong direction", () => {
  const rows = evaluations([100, { eval_wer: 0.4 }], [200, { eval_wer: 0.9 }])
  const declared = (direction: 'max' | null) => ({
    evaluations: rows,
    declaration: { metric: 'wer', direction, declared_by: 'config.yaml:12' },
  })
  const explicit = noted('wrong_direction', declared('max'))
  expect(explicit).toMatchObject({ tone: 'alarm' })
  expect(explicit?.text).toContain(
    'The highest eval_wer decides (declared by config.yaml:12), but the name eval_wer suggests that low is better.',
  )
  expect(explicit?.text).toContain('Then step 100 is best (0.4)')
  expect(noted('wrong_direction', declared(null))).toBeUndefined()
  const byDefault = { config: { metric_for_best_model: 'wer' } }
  expect(noted('wrong_direction', declared(null), byDefault)?.text).toContain(
    'maximises wer unless greater_is_better is false',
  )
  const recorded = { evaluations: rows, claim: claim('checkpoint-200', 200, 0.9) }
  expect(noted('wrong_direction', recorded)?.text).toContain(
    'kept the highest eval_wer as its best, but a low eval_wer is better',
  )
})

test('while a run is alive, evaluations off the grid of saves give a warning before a best is missed', () => {
  const rows = evaluations([100, 3])
  const context = { alive: true, save_steps: 200 }
  const given = { evaluations: rows, checkpoints: [] }
  expect(noted('may_be_missed', { ...given, evaluations: evaluations([200, 3]) }, context)).toBe(
    undefined,
  )
  const missed = noted('missed_best', given, context)
  expect(missed?.text).toContain('Save every 100 steps, or the next best will be lost too')
  const later = evaluations([200, 1], [300, 2])
  const warned = { evaluations: later, checkpoints: checkpoints(200) }
  expect(noted('may_be_missed', warned, context)?.text).toContain('or the best may be lost')
  expect(noted('may_be_missed', warned, { ...context, alive: false })).toBeUndefined()
})

test('if there is no choice, the answer says what to do', () => {
  expect(noted('nothing_to_choose', {})?.text).toContain('bestmark eval JOB')
  const once = noted('nothing_to_choose', { evaluations: evaluations([100, 1]) })
  expect(once?.text).toContain(
    'was measured only once, at step 100, so there is nothing to compare. To compare more',
  )
  const short = turned().map((row, index) => ({
    ...row,
    epoch: (index + 1) / 10,
    values: { eval_loss: 3 - index / 10 },
  }))
  expect(noted('nothing_to_choose', { evaluations: short })?.text).toContain(
    'The last evaluation is the best so far.',
  )
  expect(noted('nothing_to_choose', { evaluations: turned() })).toBeUndefined()
})

test('while a run is active, missing evaluations give no warning', () => {
  const noteOf = (of: Partial<SelectionInput>) => {
    const found = noted('nothing_to_choose', of, { alive: true })
    return found && `${found.tone}: ${found.text}`
  }
  expect(noteOf({})).toBe('note: There is no evaluation yet.')
  const once = { evaluations: evaluations([100, 1]) }
  expect(noteOf(once)).toBe('note: Only one evaluation can be compared so far.')
  const falling = evaluations([100, 2], [200, 1]).map((row) => ({ ...row, epoch: 0.5 }))
  expect(noteOf({ evaluations: falling })).toBeUndefined()
  expect(noted('nothing_to_choose', { evaluations: falling })?.tone).toBe('note')
  expect(noteOf({ evaluations: evaluations([100, NaN]) })).toContain('warning: eval_loss was not')
})

test('a start that training has not beaten is best, with a note', () => {
  const rows = evaluations([0, 1], [100, 2], [200, 3])
  const { sentence } = options({ evaluations: rows })
  expect(sentence).toContain('Step 0 is best: eval_loss 1, the lowest')
  expect(sentence).toContain('no later evaluation is better')
  expect(noted('unbeaten_start', { evaluations: rows })).toMatchObject({ tone: 'warning' })
})

test('misleading metrics have notes: columns, stuck accuracy, averaged weights, NaN, sample counts', () => {
  const dpo = turned((index) => ({
    'eval_rewards/chosen': -index,
    'eval_rewards/accuracies': index / 10,
  }))
  expect(noted('preference_training', { evaluations: dpo })?.text).toContain(
    'eval_rewards/chosen fell by 5',
  )
  const stuck = turned(() => ({ eval_accuracy: 0.8333, eval_loss: 1.4 }))
  expect(noted('constant_accuracy', { evaluations: stuck })?.text).toBe(
    "In all 6 evaluations eval_accuracy stays at about 0.8333 and eval_loss at about 1.4. Training has not changed the model's answers.",
  )
  const ema = noted('averaged_weights', { evaluations: turned(() => ({ ema_acc: 0.5 })) })
  expect(ema?.text).toContain('It is unknown which weights')
  const nan = { trainLoss: ({ step }: { step: number }) => (step < 300 ? 1 : NaN) }
  expect(noted('hidden_nan', { evaluations: turned() }, nan)?.text).toContain('before step 300')
  const sampled = turned().map((row, index) => ({ ...row, samples: index < 3 ? 100 : 500 }))
  expect(noted('unlike_samples', { evaluations: sampled })?.text).toContain('100 to 500 samples')
  for (const code of [
    'constant_accuracy',
    'averaged_weights',
    'hidden_nan',
    'unlike_samples',
  ] as const)
    expect(noted(code, { evaluations: turned() })).toBeUndefined()
})

test('alarms come first, then warnings, then notes', () => {
  const rows = turned((index) => ({ eval_wer: index / 10, eval_f1: index }))
  const declaration = { metric: 'wer', direction: 'max' as const, declared_by: 'config.yaml:1' }
  const tones = options({ evaluations: rows, declaration }, FALLING).notes.map(({ tone }) => tone)
  const order = ['alarm', 'warning', 'note']
  expect(tones).toEqual(tones.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)))
  expect(tones[0]).toBe('alarm')
})

test('overfitting is not noted if a task metric improves at steps without a checkpoint', () => {
  const rows = turned((index) => ({ eval_accuracy: index / 10 }))
  const given = { evaluations: rows, checkpoints: checkpoints(300) }
  expect(noted('overfitting', given, FALLING)).toBeUndefined()
  expect(noted('loss_rises', given, FALLING)).toMatchObject({ tone: 'note' })
})

test('a start is not called unbeaten if a later evaluation was better, saved or not', () => {
  const rows = evaluations([10, 1], [500, 0.9], [1000, 0.5])
  const { sentence } = options({ evaluations: rows, checkpoints: checkpoints(10) })
  expect(sentence).toContain('Step 1,000 reached 0.5')
  expect(sentence).not.toContain('than this start')
})

test('values over different numbers of samples give a warning in the reason', () => {
  const rows = evaluations([100, { eval_acc: 1 }], [200, { eval_acc: 0.6 }]).map((row, index) => ({
    ...row,
    samples: index === 0 ? 4 : 4000,
  }))
  const { sentence } = options({ evaluations: rows, options: { metric: 'eval_acc' } })
  expect(sentence).toContain(
    'eval_acc was measured over 4 to 4000 samples, so its values may not compare',
  )
})

test('weights of several attempts are identified by their attempt', () => {
  for (const step of [200, 300]) {
    const rows = evaluations([200, 0.5, 0], [step, 0.6, 1])
    const saved = checkpoints({ step: 200, attempt: 0, path: 'a' }, { step, attempt: 1, path: 'b' })
    const { sentence } = options({ evaluations: rows, checkpoints: saved })
    expect(sentence).toContain('Step 200 of attempt 0')
    expect(sentence).toContain(`Next is step ${step} of attempt 1`)
  }
})
