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
