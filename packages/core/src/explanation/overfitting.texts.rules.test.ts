import { expect, test } from 'vitest'
import { explained, losses } from './testing.ts'

const rising = { evaluations: losses([3, 2, 1, 1.2, 1.4, 1.6]) }
const trainLoss = ({ step }: { step: number }) => 400 / step

test('overfitting is shown in the readings and in a note', () => {
  const { readings, notes } = explained(rising, { trainLoss })
  expect(readings.find(({ name }) => name === 'overfitting_onset')).toMatchObject({
    ...{ label: 'eval loss rises after step', text: '300' },
    remark: 'overfitting: the training loss still falls',
  })
  expect(notes.map(({ text }) => text)).toContain(
    'After step 300 eval_loss rises while the training loss falls: the run overfits.',
  )
})

test('a gap between losses of different scales says why it is not computed', () => {
  const early = { count: 5, sum: 5 * Math.log(4), squares: 5 * Math.log(4) ** 2 }
  const loss_scale = { compared: 6, far_above: 4, first_epoch: 1, far_below: 0, early }
  const { readings } = explained(rising, { trainLoss, loss_scale })
  expect(readings.find(({ name }) => name === 'loss_gap')).toMatchObject({
    remark: 'not computed: the two losses have different scales',
  })
})

test('if metrics disagree about a rise of the loss, the note does not deny overfitting', () => {
  const noted = (accuracy: (at: number) => number) => {
    const rows = losses([3, 2, 1, 1.2, 1.4, 1.6]).map((row, at) => ({
      ...row,
      values: { ...row.values, eval_f1: at / 10, eval_accuracy: accuracy(at) },
    }))
    return explained({ evaluations: rows }, { trainLoss }).notes.find(
      ({ code }) => code === 'loss_rises',
    )
  }
  expect(noted((at) => 1 - at / 10)).toMatchObject({
    tone: 'warning',
    text: 'After step 300 eval_loss rises while the training loss falls, and eval_accuracy is worse than at step 100, but eval_f1 is best at step 600. The metrics disagree about overfitting.',
  })
  expect(noted(() => 0.5)).toMatchObject({
    tone: 'note',
    text: 'After step 300 eval_loss rises while the training loss falls, but eval_f1 is best at step 600. The metrics disagree about overfitting.',
  })
})
