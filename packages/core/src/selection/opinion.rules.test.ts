import { expect, test } from 'vitest'
import { pathStep } from './opinion.ts'
import { checkpoints, choose, claim, evaluations } from './testing.ts'

const rows = evaluations([100, 1.4], [200, 1.2], [300, 1.3], [400, 1.25])

const opinionOn = (of: Parameters<typeof choose>[0]) =>
  choose({
    ...{ evaluations: rows, checkpoints: checkpoints(100, 200, 300, 400) },
    ...{ options: { metric: 'eval_loss' } },
    ...of,
  }).second_opinion

test('an opinion that agrees says only that, unless its path is wrong', () => {
  const among = 'evaluations' as const
  const agrees = [
    opinionOn({ claim: claim('checkpoint-200', 200, 1.2) }),
    opinionOn({ claim: claim(null, 200, 1.2) }),
    opinionOn({ among, claim: claim('checkpoint-200', 200, 1.2) }),
    opinionOn({ among, claim: claim('best', 200, 1.2) }),
    opinionOn({ claim: claim('checkpoint-200', 100, 1.2) }),
  ]
  for (const opinion of agrees) {
    expect(opinion).toMatchObject({ agrees: true, text: 'The trainer agrees.' })
  }
})

test('a claim is compared by its path among checkpoints, and by its step among evaluations', () => {
  const astray = claim('checkpoint-300', 200, 1.2)
  expect(opinionOn({ claim: astray })).toMatchObject({ agrees: false, because: 'stale_pointer' })
  const among = 'evaluations' as const
  expect(opinionOn({ claim: astray, among })).toMatchObject({ agrees: true })
  const wrong = claim('checkpoint-200', 300, 1.3)
  expect(opinionOn({ claim: wrong, among })).toMatchObject({ agrees: false, because: 'unknown' })
})

test('a claimed folder is named by its last part, and a claim without one by its step', () => {
  const gone = { checkpoints: checkpoints(200) }
  const named = (path: string | null) => opinionOn({ ...gone, claim: claim(path, 400, 1.25) })?.text
  expect(named('D:\\out\\checkpoint-400\\')).toContain('names checkpoint-400:')
  expect(named('/out/checkpoint-400/')).toContain('names checkpoint-400:')
  expect(named(null)).toContain('names step 400:')
})

test('a stale pointer names the step at which its value was measured', () => {
  expect(opinionOn({ claim: claim('checkpoint-400', 200, 1.2) })?.text).toContain(
    'eval_loss 1.2 was measured at step 200',
  )
})

test('a pointer is not stale if its value was also measured at its step', () => {
  const twice = evaluations([100, 1.4], [200, 1.2], [300, 1.2])
  const opinion = opinionOn({ evaluations: twice, claim: claim('checkpoint-300', 200, 1.2) })
  expect(opinion?.because).not.toBe('stale_pointer')
})

test('a claim without a value has no stale pointer', () => {
  expect(opinionOn({ claim: claim('checkpoint-300', 300) })?.because).toBe('unknown')
})

test('a claimed checkpoint without files, or with an unknown state, is not among those of the run', () => {
  const broken = { step: 300, files_state: 'broken' as const }
  const onBroken = opinionOn({ checkpoints: checkpoints(200, broken), claim: claim(null, 300) })
  expect(onBroken?.because).toBe('not_on_disk')
  expect(onBroken?.text).toContain('its files are broken.')
  const onNone = opinionOn({ checkpoints: checkpoints(200), claim: claim('checkpoint-300', 300) })
  expect(onNone?.because).toBe('not_on_disk')
  expect(onNone?.text).toContain('it is not among the checkpoints of this run.')
})

test('if several checkpoints have the claimed step, the latest decides whether it is on disk', () => {
  const older = { step: 300, files_state: 'missing' as const }
  const newer = { step: 300, attempt: 1, path: 'again' }
  const saved = (...of: Parameters<typeof checkpoints>) => ({
    checkpoints: checkpoints(200, ...of),
  })
  const opinion = claim('checkpoint-300', 300, 1.3)
  expect(opinionOn({ ...saved(older, newer), claim: opinion })?.because).toBe('unknown')
  expect(opinionOn({ ...saved(newer, older), claim: opinion })?.because).toBe('not_on_disk')
})

test('files do not matter if evaluations are ranked', () => {
  const opinion = opinionOn({
    ...{ among: 'evaluations', checkpoints: [], claim: claim('checkpoint-300', 300, 1.3) },
  })
  expect(opinion?.because).toBe('unknown')
})

test('a claim is not compared if no finite value was measured for it', () => {
  const opinion = opinionOn({ among: 'evaluations', claim: claim(null, 900, null) })
  expect(opinion).toMatchObject({ agrees: false, because: 'not_compared' })
  expect(opinion?.text).toContain('no finite eval_loss was measured at step 900')
})

test('the value measured at the claimed step has priority over the claimed value', () => {
  const opinion = opinionOn({ among: 'evaluations', claim: claim(null, 100, 1.3) })
  expect(opinion).toMatchObject({ because: 'other_direction' })
})

test('an opposite direction is explained with the name of the metric', () => {
  expect(opinionOn({ claim: claim('checkpoint-100', 100, 1.4) })?.text).toContain(
    'it took the highest eval_loss for the best',
  )
  const shares = evaluations([100, { acc: 0.1 }], [200, { acc: 0.9 }], [300, { acc: 0.5 }])
  const opinion = opinionOn({
    ...{
      evaluations: shares,
      claim: claim('checkpoint-100', 100, 0.1),
      options: { metric: 'acc' },
    },
  })
  expect(opinion).toMatchObject({ because: 'other_direction' })
  expect(opinion?.text).toContain('it took the lowest acc for the best')
})

test('a tie names the step that came first', () => {
  const tied = evaluations([100, 1.2], [200, 1.2], [300, 1.4])
  const opinion = opinionOn({ evaluations: tied, claim: claim('checkpoint-200', 200, 1.2) })
  expect(opinion?.text).toContain('step 100 has the same value 1.2')
})

test('a record started again only if all better values came before it', () => {
  const restarted = opinionOn({ claim: claim('checkpoint-400', 400, 1.25) })
  expect(restarted?.text).toContain('1 earlier evaluation in its log is better')
  expect(restarted?.text).toContain('after step 200')
  expect(opinionOn({ claim: claim('checkpoint-300', 300, 1.3) })?.because).toBe('unknown')
  const higher = evaluations([100, { acc: 0.9 }], [200, { acc: 0.1 }], [300, { acc: 0.5 }])
  const options = { metric: 'acc' }
  expect(
    opinionOn({ evaluations: higher, options, claim: claim('checkpoint-300', 300, 0.5) })?.because,
  ).toBe('record_restarted')
})

test('a record that names its metric is compared by it, even if its value was not measured', () => {
  const named = { path: 'checkpoint-300', step: 300, value: 0.77, metric: 'eval_f1' }
  expect(opinionOn({ claim: named })).toMatchObject({ because: 'other_metric' })
  expect(opinionOn({ claim: { ...named, metric: 'eval_loss' } })?.because).not.toBe('other_metric')
  expect(opinionOn({ claim: { ...named, metric: null } })?.because).not.toBe('other_metric')
  expect(opinionOn({ claim: { ...named, value: null } })?.because).not.toBe('other_metric')
  expect(opinionOn({ claim: { ...named, value: 1.3 } })?.because).not.toBe('other_metric')
})

test('a record with a path but no step keeps its path, with any value', () => {
  expect(opinionOn({ claim: claim('checkpoint-300', null, 1.2) })).toMatchObject({ step: null })
})

test('a pointer without a step is not stale', () => {
  expect(opinionOn({ claim: claim('best', 300, 1.3) })?.because).toBe('unknown')
})

test('a step is the number at the end of a folder name, also before slashes', () => {
  expect(['run-20//', 'a-1/b-20\\', 'b-20'].map(pathStep)).toEqual([20, 20, 20])
  expect(['run-20-best', 'run-20.tmp', 'a-20/b', '20'].map(pathStep)).toEqual([
    ...[null, null, null, null],
  ])
})

test('the text says why the trainer differs', () => {
  const text = (of: Parameters<typeof opinionOn>[0]) => opinionOn(of)?.text
  const several = evaluations(
    ...[1.4, 1.2, 1.3].map((eval_loss, at) => {
      return [100 * (at + 1), { eval_loss, eval_x: [7, 5, 6][at] ?? null }] as const
    }),
  )
  const claimed = claim('checkpoint-300', 300, 6)
  expect(text({ evaluations: several, claim: claimed })).toBe(
    'The trainer names checkpoint-300: it decides by eval_x, which is 6 there, not by eval_loss.',
  )
  expect(text({ claim: claim('last', null) })).toBe(
    'The trainer names last: its name has no step number, so it cannot be compared.',
  )
  expect(text({ claim: claim('checkpoint-300', 300, 1.3), save_steps: 100 })).toBe(
    'The trainer names checkpoint-300: eval_loss is 1.3 there and 1.2 at step 200.',
  )
})

/** The opinion on the value 1.2 at a step, beside better ones at other steps. */
function besideBetter(at: number, better: readonly number[], save_steps: number | null = 100) {
  const all = [...better, at].sort((a, b) => a - b)
  const values = all.map((step) => [step, step === at ? 1.2 : 1] as const)
  return opinionOn({
    ...{ evaluations: evaluations(...values, [900, 1.3]), checkpoints: checkpoints(...all, 900) },
    ...{ claim: claim(`checkpoint-${at}`, at, 1.2), save_steps },
  })
}

test('better evaluations between all saves are counted', () => {
  const rest = 'better evaluation'
  const start =
    'The trainer names checkpoint-200: 1.2 is the best eval_loss at its saves, every 100'
  expect(besideBetter(200, [250])?.text).toBe(`${start} steps; 1 ${rest} is between them.`)
  expect(besideBetter(200, [250, 350])?.text).toBe(`${start} steps; 2 ${rest}s are between them.`)
  expect(besideBetter(200, [250, 400])?.because).toBe('unknown')
  expect(besideBetter(250, [270])?.because).toBe('unknown')
  expect(besideBetter(200, [250], null)?.because).toBe('unknown')
})

test('better evaluations that are all before the record show that it started again', () => {
  const start = 'The trainer names checkpoint-300: its record started again after step'
  const end = 'better than its best eval_loss 1.2.'
  expect(besideBetter(300, [100])?.text).toBe(
    `${start} 100: 1 earlier evaluation in its log is ${end}`,
  )
  expect(besideBetter(300, [100, 200])?.text).toBe(
    `${start} 200: 2 earlier evaluations in its log are ${end}`,
  )
  expect(besideBetter(300, [100, 400])?.because).toBe('unknown')
})

test('a claim without a step is explained neither by saves nor by a new start', () => {
  const opinion = opinionOn({
    ...{ among: 'evaluations', claim: claim('best', null, 1.2), save_steps: 100 },
    evaluations: evaluations([200, 1.2], [250, 1], [300, 1.3]),
  })
  expect(opinion?.because).toBe('unknown')
})

test('a better value that a condition excludes explains nothing', () => {
  const rows = evaluations([100, { eval_loss: 1, kl: 9 }], [200, { eval_loss: 2, kl: 1 }])
  const opinion = opinionOn({
    ...{ among: 'evaluations', claim: claim('best', 100, 1), save_steps: 100, evaluations: rows },
    options: { metric: 'eval_loss', subject_to: [{ metric: 'kl', relation: '<=', bound: 2 }] },
  })
  expect(opinion?.because).toBe('unknown')
})

test('a better value at the same step of another attempt is not before the record', () => {
  const rows = evaluations([100, 0.9], [300, 1.2], [300, 1, 1], [400, 1.5])
  const opinion = opinionOn({
    ...{ evaluations: rows, claim: claim('checkpoint-300', 300, 1.2) },
    checkpoints: checkpoints(100, 300, { step: 300, attempt: 1 }),
  })
  expect(opinion?.because).toBe('unknown')
})
