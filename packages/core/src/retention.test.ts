import { expect, test } from 'vitest'
import { type Prunable, retention } from './retention.ts'
import { select } from './selection/select.ts'
import type { Evaluation } from './run/rows.ts'

type Fields = Partial<Prunable> & { eval_loss?: number }

/** Checkpoints and which of them are kept; losses give the ranking. */
function keep(rows: readonly Fields[], keeping = { keep_best: 1, keep_last: 1 }, claimed?: string) {
  const checkpoints = rows.map(({ eval_loss: _loss, ...fields }, index): Prunable => {
    const step = fields.step === undefined ? (index + 1) * 100 : fields.step
    const key = { attempt: 0, step, path: `checkpoint-${step}`, bytes: 1 }
    return { ...key, files_state: 'complete', pinned: false, shipped: false, ...fields }
  })
  const evaluations = rows.flatMap(({ eval_loss }, index): Evaluation[] => {
    const row = checkpoints[index]
    if (eval_loss === undefined || !row || row.step === null) return []
    const { attempt, step } = row
    return [{ attempt, step, epoch: null, values: { eval_loss }, origin: null, samples: null }]
  })
  const selection = select({
    policy: 'as_declared',
    declaration: { metric: null, direction: null, declared_by: null },
    claim: claimed === undefined ? null : { path: claimed, step: null, metric: null, value: null },
    evaluations,
    checkpoints: checkpoints.map((row) => ({ ...row, checkpoint_id: null, files_why: null })),
  })
  const { stays, goes } = retention(checkpoints, selection, keeping)
  return {
    stays: Object.fromEntries(stays.map(({ checkpoint, why }) => [checkpoint.path, why])),
    goes: goes.map(({ path }) => path),
  }
}

const losses = [5, 1, 2, 3, 4, 5].map((eval_loss) => ({ eval_loss }))

test('the best and the last stay, each with its reason', () => {
  expect(keep(losses)).toEqual({
    stays: { 'checkpoint-200': ['it is the best'], 'checkpoint-600': ['it is the latest'] },
    goes: ['checkpoint-100', 'checkpoint-300', 'checkpoint-400', 'checkpoint-500'],
  })
})

test('the best and the last stay even if the options ask for none', () => {
  const { stays } = keep(losses, { keep_best: 0, keep_last: 0 })
  expect(Object.keys(stays)).toEqual(['checkpoint-200', 'checkpoint-600'])
})

test('the options decide how many of the best and of the latest stay', () => {
  const { goes } = keep(losses, { keep_best: 3, keep_last: 2 })
  expect(goes).toEqual(['checkpoint-100'])
})

test('pinned, shipped, claimed and unfinished checkpoints stay, and those without a step', () => {
  const rows = [
    { pinned: true },
    { shipped: true },
    {},
    { files_state: 'writing' } as const,
    { step: null, path: 'best.ckpt' },
    { files_state: 'broken' } as const,
    { eval_loss: 1 },
  ]
  const { stays, goes } = keep(rows, undefined, 'C:\\else\\where\\checkpoint-300')
  expect(stays['checkpoint-300']).toEqual(['the trainer names it as its best'])
  expect(Object.keys(stays)).toHaveLength(6)
  expect(goes).toEqual(['checkpoint-600'])
})

test('a checkpoint without files is neither kept nor removed', () => {
  const { stays, goes } = keep([{ files_state: 'missing' }, { eval_loss: 1 }])
  expect([Object.keys(stays), goes]).toEqual([['checkpoint-200'], []])
})

test('a folder that contains a kept checkpoint stays too', () => {
  const { stays, goes } = keep([
    { path: '.' },
    { path: 'all' },
    { path: 'all/good', eval_loss: 1 },
    { path: 'allied' },
    { path: 'last' },
  ])
  expect(stays['all']).toEqual(['it contains a checkpoint that is kept'])
  expect(stays['.']).toEqual(['it contains a checkpoint that is kept'])
  expect(goes).toEqual(['allied'])
})

test('the last is the latest complete step of the latest attempt', () => {
  const { stays } = keep([
    { attempt: 0, step: 900, path: 'a' },
    { attempt: 1, step: 300, path: 'b', eval_loss: 1 },
    { attempt: 1, step: 400, path: 'c' },
    { attempt: 1, step: 500, path: 'd', files_state: 'broken' },
  ])
  expect(stays).toEqual({ b: ['it is the best'], c: ['it is the latest'] })
})

test('checkpoints inside a kept one, and those that it needs elsewhere, stay too', () => {
  const row = (path: string, fields: Fields = {}): Fields => ({ path, eval_loss: 5, ...fields })
  const { stays, goes } = keep(
    [
      row('best', { eval_loss: 1, needs: ['shared/tokenizer.json'] }),
      row('best/model.safetensors'),
      row('shared', { needs: ['store/base'] }),
      row('store'),
      row('other'),
      row('link', { needs: ['e3.safetensors'] }),
      row('e3.safetensors', { step: 550 }),
      row('e3', { step: 551 }),
      row('.', { step: 600 }),
    ].map((one, index) => ({ step: (index + 1) * 10, ...one })),
  )
  expect(goes).toEqual(['other', 'link', 'e3.safetensors', 'e3'])
  expect(stays).toMatchObject({
    'best/model.safetensors': ['it is inside a checkpoint that is kept'],
    shared: ['a kept checkpoint needs its files'],
    store: ['a kept checkpoint needs its files'],
    '.': ['it is the latest', 'it contains a checkpoint that is kept'],
  })
})

test('every reason has words', () => {
  const { stays } = keep(
    [
      { pinned: true, eval_loss: 3 },
      { shipped: true, eval_loss: 2 },
      { files_state: 'writing' },
      { eval_loss: 1 },
      { step: null, path: 'last.ckpt', attempt: 1 },
    ],
    { keep_best: 3, keep_last: 3 },
  )
  expect(stays).toEqual({
    'checkpoint-100': ['its rank is 3', 'it is number 3 of the latest', 'it is pinned'],
    'checkpoint-200': ['its rank is 2', 'it is number 2 of the latest', 'it was shipped'],
    'checkpoint-300': ['it is still being written'],
    'checkpoint-400': ['it is the best', 'it is the latest'],
    'last.ckpt': ['its step is unknown'],
  })
})

test('the latest are those of the last steps of the last attempt, in any order of the rows', () => {
  const rows = [
    { attempt: 1, step: 20 },
    { attempt: 0, step: 90 },
    { attempt: 1, step: 30 },
    { attempt: 0, step: 80 },
    { attempt: 1, step: 10 },
  ]
  const latest = (keep_last: number) => keep(rows, { keep_best: 1, keep_last }).stays
  expect(Object.keys(latest(2))).toEqual(['checkpoint-20', 'checkpoint-30'])
  expect(latest(4)).toMatchObject({
    'checkpoint-30': ['it is the latest'],
    'checkpoint-90': ['it is number 4 of the latest'],
  })
})

test('a folder whose name begins like that of a kept one is not inside it', () => {
  expect(keep([{ path: 'all', eval_loss: 1 }, { path: 'allied' }, { path: 'z' }]).goes).toEqual([
    'allied',
  ])
})
