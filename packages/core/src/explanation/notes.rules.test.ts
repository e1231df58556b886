import { expect, test } from 'vitest'
import { evaluations } from '../selection/testing.ts'
import type { NoteCode } from './explanation.ts'
import { explained, losses, toneOf } from './testing.ts'

type Given = Parameters<typeof explained>

const textOf = (code: NoteCode, ...given: Given) =>
  explained(...given).notes.find((one) => one.code === code)?.text

test('a warning comes before a note, also if it was found later', () => {
  const rows = evaluations(
    ...Array.from({ length: 10 }, (_, at) => [at + 1, { eval_loss: 2, ema_acc: at }] as const),
  )
  const { notes } = explained({ evaluations: rows })
  expect(notes.map(({ code, tone }) => `${tone} ${code}`)).toEqual([
    ...['warning averaged_weights', 'note near_ties', 'note best_of_many', 'note other_winner'],
  ])
})

test('near ties advise policy within_noise, unless that policy is used', () => {
  const tied = evaluations([1, { acc: 0.9, acc_stderr: 0.1 }], [2, { acc: 0.85, acc_stderr: 0.1 }])
  const ties = 'Steps 1 and 2 are within the noise (logged standard error: ±0.1).'
  const hint = ' Policy within_noise can take the earliest or the latest of them.'
  const options = { metric: 'acc', prefer: 'latest' } as const
  expect(textOf('near_ties', { evaluations: tied, options: { metric: 'acc' } })).toBe(ties + hint)
  expect(textOf('near_ties', { evaluations: tied, options, policy: 'within_noise' })).toBe(ties)
})

test('notes about the certainty say what to do', () => {
  const many = { evaluations: losses(Array.from({ length: 30 }, (_, at) => 1 + at)) }
  expect(textOf('unbeaten_start', many)).toBe(
    'Step 100 is at the start of the run, and no later evaluation was better. Training has not improved this metric yet.',
  )
  expect(textOf('best_of_many', many)).toBe(
    'Picked as the best of 30, so its value is optimistic. Check it on a test set that was not used for the choice.',
  )
})

test('measured checkpoints whose files are gone count among those that the best was picked from', () => {
  const rows = losses(Array.from({ length: 10 }, (_, at) => 1 + at))
  const saved = (files_state: 'complete' | 'missing', count: number) =>
    rows.map(({ attempt, step }, at) => {
      const state = at < count ? ('complete' as const) : files_state
      const files = { files_state: state, files_why: null, checkpoint_id: null }
      return { ...files, attempt, step, path: `checkpoint-${step}` }
    })
  const text = 'Picked as the best of 10, so its value is optimistic.'
  const pruned = { evaluations: rows, checkpoints: saved('missing', 3) }
  expect(textOf('best_of_many', pruned)).toContain(text)
  const never = { evaluations: rows, checkpoints: saved('missing', 3).slice(0, 9) }
  expect(textOf('best_of_many', never)).toBeUndefined()
})

test('the metrics that would pick another checkpoint are listed, and those that agree are not', () => {
  const picks = (a: number, b: number) =>
    textOf('other_winner', {
      evaluations: evaluations(
        [1, { eval_loss: 1, eval_f1: 0.5, eval_wer: 0.5 }],
        [2, { eval_loss: 2, eval_f1: 0.5 + a, eval_wer: 0.5 + b }],
      ),
      options: { metric: 'eval_loss' },
    })
  expect(picks(0.25, -0.25)).toBe(
    'eval_f1 would pick step 2 (0.75), eval_wer would pick step 2 (0.25).',
  )
  expect(picks(0.25, 0.25)).toBe('eval_f1 would pick step 2 (0.75).')
  expect(picks(-0.25, 0.25)).toBeUndefined()
})

test('an accuracy and a loss that stay within small changes are stuck, at their last values', () => {
  const stuck = (acc: number, loss: number) =>
    textOf('constant_accuracy', {
      evaluations: evaluations(
        ...[0, 0, 0, 1].map((at, index) => {
          return [index + 1, { acc: 0.5 + at * acc, eval_loss: 4 + at * loss }] as const
        }),
      ),
    })
  expect(stuck(0.003, 0.03)).toMatch(/acc stays at about 0\.503 and eval_loss at about 4\.03\./)
  expect(stuck(0.003, 0.05)).toBeUndefined()
  expect(stuck(0.007, 0.03)).toBeUndefined()
  expect(toneOf('constant_accuracy', { evaluations: evaluations() })).toBeNull()
})

test('signals of preference training are named only if they were measured', () => {
  const text = 'This is preference or reinforcement training, whose loss does not show progress.'
  const noted = (values: Record<string, number>) => {
    const rows = evaluations([10, values])
    return textOf('preference_training', { evaluations: rows }, { logged: ['rewards/chosen'] })
  }
  expect(noted({ eval_accuracy: 1 })).toBe(text)
  expect(noted({ 'eval_rewards/accuracies': 0.5 })).toBe(
    `${text} At step 10: eval_rewards/accuracies 0.5.`,
  )
})

test('a rise of the loss is noted beside an error rate, with non-finite losses left out', () => {
  const rows = [3, 1, NaN, 2, NaN].map((eval_loss, at) => {
    return [at + 1, { eval_loss, eval_wer: 1 - at / 10 }] as const
  })
  expect(textOf('speech', { evaluations: evaluations(...rows) })).toBe(
    'eval_wer decides, not the loss: at the end, eval_loss is +1 above its lowest.',
  )
})

test('averaged weights that decide are a warning', () => {
  const rows = evaluations([1, { ema_acc: 0.5 }], [2, { ema_acc: 0.6 }])
  expect(toneOf('averaged_weights', { evaluations: rows, options: { metric: 'ema_acc' } })).toBe(
    'warning',
  )
})

test('if nothing decides, no metric agrees, and the project is asked which one decides', () => {
  const rows = evaluations([1, { a_loss: 1, b_loss: 2 }], [2, { a_loss: 2, b_loss: 1 }])
  const { winners, question } = explained({ evaluations: rows })
  expect(winners.map(({ metric, agrees }) => [metric, agrees])).toEqual([
    ['a_loss', false],
    ['b_loss', false],
  ])
  expect(question?.code).toBe('undeclared')
  const asked = (policy: 'metric' | 'as_declared') =>
    explained({ evaluations: rows, policy, options: { prefer: 'latest' } }).question
  expect([asked('metric'), explained({ evaluations: losses([NaN]) }).question]).toEqual([
    null,
    null,
  ])
})
