import { expect, test } from 'vitest'
import { featuresOf } from './score.ts'
import { checkpoints, choose, evaluations } from './testing.ts'

const rows = evaluations([100, 1], [200, 2], [300, 3], [400, 4])

const scored = (coefficients: Record<string, number>, more: Parameters<typeof choose>[0] = {}) =>
  choose({
    ...{ policy: 'scored', evaluations: rows, checkpoints: checkpoints(100, 200, 300, 400) },
    ...{ options: { metric: 'eval_loss', coefficients } },
    ...more,
  })

const steps = ({ ranking }: ReturnType<typeof choose>) => ranking.map(({ step }) => step)

test('the lowest score is best, with any value of the metric', () => {
  const { ranking, best } = scored({ age: 1 })
  expect(ranking.map(({ step, score }) => [step, score])).toEqual(
    [400, 300, 200, 100].map((step, index) => [step, Math.round((1e9 * index) / 3) / 1e9]),
  )
  expect(best).toMatchObject({ step: 400, value: 4, score: 0 })
})

test('if scores are equal, the earlier step is first, then the earlier attempt', () => {
  expect(steps(scored({ loss_gap: 1 }))).toEqual([100, 200, 300, 400])
  const falling = evaluations([100, 9], [200, 5], [200, { eval_loss: 4 }, 1], [300, 1])
  const saved = checkpoints(300, { step: 200, attempt: 1 }, 200, 100)
  const { ranking } = scored({ loss_gap: 1 }, { evaluations: falling, checkpoints: saved })
  expect(ranking.map(({ step, attempt }) => [step, attempt])).toEqual([
    [100, 0],
    [200, 0],
    [200, 1],
    [300, 0],
  ])
})

test('only policy scored uses coefficients and gives scores', () => {
  const { ranking, best } = scored({ age: 1 }, { policy: 'as_declared' })
  expect(best?.step).toBe(100)
  expect(ranking.map(({ score }) => score)).toEqual([null, null, null, null])
})

test('the margin is negative if a policy prefers a checkpoint that is not strictly best', () => {
  expect(scored({ age: 1 }).margin).toBe(-1)
  expect(scored({ age: 1 }).reason).toContain('the best score of 4 checkpoints')
})

test('a training loss that is missing at one candidate makes its loss gap the worst', () => {
  const trainLoss = ({ step }: { step: number }) => (step === 200 ? null : step / 1000)
  const features = featuresOf({ candidates: rows, evaluations: rows, trainLoss })
  expect(features.map(({ loss_gap }) => loss_gap)).toEqual([0, 1, 2 / 3, 1].map(nine))
  const ranked = scored({ loss_gap: 1 }, { trainLoss }).ranking
  expect(ranked.map(({ step }) => step)).toEqual([100, 300, 200, 400])
})

function nine(value: number): number {
  return Math.round(1e9 * value) / 1e9
}

test('each evaluation and the mean of all before it have equal weight', () => {
  const curve = evaluations([1, 8], [2, 4], [3, NaN], [4, 0])
  const features = featuresOf({ candidates: curve, evaluations: curve })
  expect(features.map(({ smoothed_loss }) => smoothed_loss)).toEqual([1, nine(3 / 5), 1, 0])
})

test('a hidden loss gives no feature, and neither do its derived values', () => {
  const trainLoss = ({ step }: { step: number }) => step
  const hidden = ['eval_loss']
  for (const of of featuresOf({ candidates: rows, evaluations: rows, trainLoss, hidden })) {
    expect(of).toMatchObject({ eval_loss: 0.5, smoothed_loss: 0.5, loss_gap: 0.5 })
  }
})

test('a candidate without an evaluation has the worst features, except its age', () => {
  const candidates = [...rows, { attempt: 0, step: 500 }]
  const last = featuresOf({ candidates, evaluations: rows }).at(-1)
  expect(last).toMatchObject({ eval_loss: 1, smoothed_loss: 1, age: 0 })
})

test('the task feature is the mean of all metrics whose direction is clear by name or declared', () => {
  const tasks = evaluations(
    [100, { eval_loss: 1, eval_f1: 0, eval_wer: 1, zorp: 0, unknown: 3 }],
    [200, { eval_loss: 1, eval_f1: 1, eval_wer: 1, zorp: 1, unknown: 2 }],
    [300, { eval_loss: 1, eval_f1: 0.5, eval_wer: 0, zorp: 3, unknown: 1 }],
  )
  const means = (directions?: Record<string, 'min' | 'max'>) =>
    featuresOf({ candidates: tasks, evaluations: tasks, directions }).map((of) => of.task_metrics)
  // F1: 1, 0, 1/2; word errors: 1, 1, 0; and zorp, if higher is better: 1, 2/3, 0.
  expect(means()).toEqual([1, 0.5, 0.25].map((mean) => nine((mean - 0.25) / 0.75)))
  const three = [1, 5 / 9, 1 / 6].map((mean) => (mean - 1 / 6) / (5 / 6))
  means({ zorp: 'max' }).forEach((mean, index) => expect(mean).toBeCloseTo(three[index]!, 8))
})

test('the given loss is the loss, and not a task metric', () => {
  const named = evaluations(
    [100, { eval_loss: 1, 'val/score': 3, eval_f1: 1 }],
    [200, { eval_loss: 2, 'val/score': 1, eval_f1: 1 }],
  )
  const directions = { 'val/score': 'min' } as const
  const given = { candidates: named, evaluations: named, loss: 'val/score', directions }
  expect(featuresOf(given).map(({ eval_loss }) => eval_loss)).toEqual([1, 0])
  expect(featuresOf(given).map(({ task_metrics }) => task_metrics)).toEqual([0.5, 0.5])
})

test('a range above the largest number is still a range', () => {
  const huge = evaluations([1, -1.7e308], [2, 0], [3, 1.7e308])
  const features = featuresOf({ candidates: huge, evaluations: huge })
  expect(features.map(({ eval_loss }) => eval_loss)).toEqual([0, 0.5, 1])
})
