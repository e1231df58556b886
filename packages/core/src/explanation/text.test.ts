import { expect, test } from 'vitest'
import type { Winner } from './explanation.ts'
import { explain } from './explain.ts'
import type { RunContext } from '../run/context.ts'
import type { SelectionInput } from '../selection/input.ts'
import { select } from '../selection/select.ts'
import { explanationTable } from './table.ts'
import { checkpoints, evaluations } from '../selection/testing.ts'
import { explanationText, type TextOptions } from './text.ts'

function textOf(input: Partial<SelectionInput>, context: RunContext, options?: TextOptions) {
  const whole: SelectionInput = {
    policy: 'as_declared',
    declaration: { metric: null, direction: null, declared_by: null },
    claim: null,
    evaluations: [],
    checkpoints: [],
    ...input,
  }
  const selection = select(whole)
  const explanation = explain(whole, context, selection)
  return explanationText(selection, explanation, explanationTable(selection), options)
}

/** Loss and F1 disagree, the best loss was not saved, one value is NaN, and one file is empty. */
const rich: Partial<SelectionInput> = {
  evaluations: evaluations(
    [100, { eval_loss: 2.5, eval_f1: 0.5 }],
    [200, { eval_loss: 1.2, eval_f1: 0.7 }],
    [300, { eval_loss: 1.25, eval_f1: 0.8 }],
    [400, { eval_loss: NaN, eval_f1: 0.85 }],
    [450, { eval_loss: 1.1, eval_f1: 0.82 }],
    [500, { eval_loss: 1.4, eval_f1: 0.9 }],
    [600, { eval_loss: 1.5, eval_f1: 0.88 }],
    [700, { eval_loss: 1.6, eval_f1: 0.87 }],
  ).map((evaluation, index) => ({
    ...evaluation,
    epoch: (index + 1) / 4,
    samples: 200,
    origin: { file: 'trainer_state.json', line: 40 + 10 * index },
  })),
  checkpoints: checkpoints(100, 200, 300, 400, 500, {
    ...{ step: 600, files_state: 'broken', files_why: 'model.safetensors is empty' },
  }),
}

const context: RunContext = {
  trainLoss: ({ step }) => 3 - step / 400,
  ...{ save_steps: 100, alive: true, current_epoch: 2, loss_unit: 'nats_per_token' },
  project: 'demo',
}

test('the whole explanation is written as plain text', () => {
  expect(`\n${textOf(rich, context)}\n`).toBe(GOLDEN)
})

const GOLDEN = `
Step 200 is best: eval_loss 1.2, the lowest of 4 checkpoints. Steps 300 and 500 are within the noise
(±0.27). The run does not say which metric decides. Step 450 reached 1.1, but no checkpoint was
found there: the best you can ship is step 200 at 1.2.
Decided by: lowest eval_loss

!  Step 450 reached 1.1, but no checkpoint was found there: the best you can ship is step 200 at
   1.2. Save at every evaluation, or the next best will be lost too.
-  Steps 200–500 are within the noise (estimated from the curve: ±0.27). Policy within_noise can
   take the earliest or the latest of them.
-  After step 450 eval_loss rises while the training loss falls, but eval_f1 is best at step 500.
   The metrics disagree about overfitting.
-  eval_f1 would pick step 500 (0.9).

  train loss before it                2.5
  loss gap                           −1.3  0.48 × train
  perplexity                       3.3201
  samples                             200
  standard error                    ±0.27  estimated from the curve: ±0.27
  eval loss trend                  rising  +0.105 ± 0.045 per 100 steps over the last 5 evaluations
  eval loss rises after step          450  metrics disagree: eval_f1 is best at step 500
  evaluations without improvement       3
  epochs without improvement         0.75

By other metrics:
  eval_f1  step 500  highest 0.9    another  trainer_state.json:90

?  The run does not say which metric decides: eval_loss picks step 200 (1.2), eval_f1 picks step 500
   (0.9). Which one decides for all runs of the project “demo”?

rank  step  eval_loss  difference  checkpoint      why                                                                                 from
   1   200        1.2              checkpoint-200  best, but others are within the noise                                               trainer_state.json:50
   2   300       1.25       +0.05  checkpoint-300  second: +0.05, within noise of the best                                             trainer_state.json:60
   3   500        1.4        +0.2  checkpoint-500  third: +0.2, within noise of the best                                               trainer_state.json:90
   4   100        2.5        +1.3  checkpoint-100  fourth: +1.3                                                                        trainer_state.json:40
   –   400          –           –  checkpoint-400  eval_loss is NaN at step 400
   –   600          –           –  checkpoint-600  the files of checkpoint-600 are broken: model.safetensors is empty (eval_loss 1.5)
`

test('the text says how to answer the question, with one command per metric', () => {
  const answer = ({ metric, direction }: Winner) => `choose ${metric} ${direction}`
  expect(textOf(rich, context, { answer })).toContain(
    '“demo”?\n   To answer:\n   eval_loss:  choose eval_loss min\n   eval_f1:    choose eval_f1 max\n',
  )
})

test('a long table ends with the number of further rows', () => {
  const shown = textOf(rich, context, { rows: 2 }).split('\n')
  expect(shown.at(-1)).toBe('and 4 more')
  expect(shown.at(-2)).toMatch(/^ +2 +300 /)
})

test('prose stays within the width, and no word is broken or lost', () => {
  const lines = textOf(rich, context, { width: 40 }).split('\n')
  const prose = lines.slice(0, lines.indexOf(''))
  for (const line of prose) expect(line.length).toBeLessThanOrEqual(40)
  const [wide] = textOf(rich, context, { width: Infinity }).split('\nDecided by')
  expect(prose.join(' ')).toContain(wide)
})

test('attempts are shown if there is more than one, and files if there are any', () => {
  const twice = evaluations([100, 2], [100, 1, 1])
  const text = textOf({ evaluations: twice, among: 'evaluations' }, {})
  expect(text).toMatch(/^rank +attempt +step +eval_loss +difference +why$/m)
})

test('without candidates there is no table', () => {
  const text = textOf({}, {})
  expect(text).toMatch(/^No checkpoint can be chosen/)
  expect(text).not.toContain('rank')
  const parts = text.split('\n\n').map((part) => part.trim())
  expect(parts).not.toContain('')
})

test('in a width of one character each line has one word, after its mark', () => {
  const [, notes = ''] = textOf(rich, context, { width: 1 }).split('\n\n')
  const lines = notes.split('\n')
  expect(lines.slice(0, 2)).toEqual(['!  Step', '   450'])
  for (const line of lines) expect(line).toMatch(/^(!! |! {2}|- {2}| {3})\S+$/)
})
