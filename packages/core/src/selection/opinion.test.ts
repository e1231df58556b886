import { expect, test } from 'vitest'
import { pathStep } from './opinion.ts'
import { checkpoints, choose, claim, evaluations } from './testing.ts'

const rows = evaluations([100, 1.4], [200, 1.2], [300, 1.3], [400, 1.25])
const saved = checkpoints(100, 200, 300, 400)
const opinionOn = (of: Parameters<typeof choose>[0]) =>
  choose({ evaluations: rows, checkpoints: saved, options: { metric: 'eval_loss' }, ...of })
    .second_opinion

test('without a claim there is no second opinion', () => {
  expect(opinionOn({})).toBeNull()
})

test('the trainer agrees by step, on any machine', () => {
  for (const path of [
    'checkpoint-200',
    '/mnt/a b/checkpoint-200',
    'D:\\out\\checkpoint-200',
    './x/checkpoint-200/',
  ]) {
    expect(opinionOn({ claim: claim(path, 200, 1.2) })).toMatchObject({ agrees: true })
  }
})

test('another metric is named with its direction', () => {
  const both = evaluations(
    [100, { eval_loss: 1, eval_acc: 0.1 }],
    [200, { eval_loss: 2, eval_acc: 0.7 }],
  )
  const opinion = opinionOn({ evaluations: both, claim: claim('checkpoint-200', 200, 0.7) })
  expect(opinion).toMatchObject({ agrees: false, because: 'other_metric' })
  expect(opinion?.text).toContain('eval_acc (max)')
})

test('a record of the highest loss has the opposite direction', () => {
  expect(opinionOn({ claim: claim('checkpoint-100', 100, 1.4) })).toMatchObject({
    because: 'other_direction',
  })
})

test('a claimed checkpoint without files is not among those of the run', () => {
  const gone = checkpoints({ step: 200, files_state: 'missing', files_why: 'deleted' }, 300, 400)
  const opinion = opinionOn({ checkpoints: gone, claim: claim('checkpoint-200', 200, 1.2) })
  expect(opinion).toMatchObject({ agrees: false, because: 'not_on_disk' })
  expect(opinion?.text).toContain('missing: deleted')
})

test('a claimed checkpoint with files at another step is not missing', () => {
  const there = checkpoints({ step: 300, path: 'weights/best.pt' })
  const opinion = opinionOn({
    checkpoints: there,
    claim: claim('C:\\out\\weights\\best.pt', 200, 1.2),
  })
  expect(opinion?.because).toBe('not_compared')
  expect(opinion?.text).toContain('its file is there, but it is from step 300')
  const stepless = checkpoints({ step: null, path: 'weights/best.pt' })
  expect(
    opinionOn({ checkpoints: stepless, claim: claim('weights/best.pt', 200, 1.2) })?.text,
  ).toContain('its file is there, but its step is unknown')
})

test('if values are equal, the first wins', () => {
  const tied = evaluations([100, 1.2], [200, 1.2], [300, 1.4])
  expect(opinionOn({ evaluations: tied, claim: claim('checkpoint-200', 200, 1.2) })).toMatchObject({
    because: 'tie',
  })
})

test('a record that earlier evaluations beat was restarted after the last of them', () => {
  const opinion = opinionOn({ claim: claim('checkpoint-400', 400, 1.25) })
  expect(opinion).toMatchObject({ agrees: false, because: 'record_restarted' })
  expect(opinion?.text).toContain('its record started again after step')
})

test('a record of only the saves differs from a restarted record', () => {
  const often = evaluations([100, 1.4], [150, 1.1], [200, 1.2], [250, 1.15], [300, 1.3])
  const deciding = { evaluations: often, claim: claim('checkpoint-200', 200, 1.2) }
  const all = { ...deciding, among: 'evaluations' as const }
  expect(opinionOn({ ...all, save_steps: 100 })).toMatchObject({
    agrees: false,
    because: 'saves_only',
    text: 'The trainer names checkpoint-200: 1.2 is the best eval_loss at its saves, every 100 steps; 2 better evaluations are between them.',
  })
  expect(opinionOn({ ...all, save_steps: 50 })?.because).not.toBe('saves_only')
  expect(opinionOn(all)?.because).not.toBe('saves_only')
  expect(opinionOn({ ...deciding, save_steps: 100 })).toMatchObject({ agrees: true })
})

test('a claim with only a path is compared at the step in its name', () => {
  const ofPath = (step: number, value: number | null) =>
    opinionOn({ claim: claim(`checkpoint-${step}`, null, value) })?.because
  expect(ofPath(400, 1.25)).toBe('record_restarted')
  expect(ofPath(400, null)).toBe('record_restarted')
  expect(ofPath(300, 1.3)).toBe('unknown')
})

test('a record without a step or a path belongs to the step where its value was measured', () => {
  expect(opinionOn({ claim: claim(null, null, 1.2) })).toMatchObject({ agrees: true, step: 200 })
  expect(opinionOn({ claim: claim(null, null, 1.4) })).toMatchObject({ agrees: false, step: 100 })
  expect(opinionOn({ claim: claim(null, null, 9) })).toBeNull()
  expect(opinionOn({ claim: claim(null, null, null) })).toBeNull()
})

test('a claimed folder without a step in its name cannot be compared', () => {
  expect(opinionOn({ claim: claim('out/checkpoint-best', null, null) })).toMatchObject({
    agrees: false,
    because: 'not_compared',
  })
})

test('a wrong path is mentioned if evaluations are ranked and the step agrees', () => {
  const opinion = opinionOn({ among: 'evaluations', claim: claim('checkpoint-100', 200, 1.2) })
  expect(opinion).toMatchObject({ agrees: true })
  expect(opinion?.text).toContain('checkpoint-100')
})

test('the step is read from the last folder of a path only', () => {
  expect(pathStep('run-7/checkpoint-20')).toBe(20)
  expect(pathStep('run-7/best')).toBeNull()
  expect(pathStep(null)).toBeNull()
})
