import { expect, test } from 'vitest'
import { checkpoints, choose, evaluations } from './testing.ts'

type Given = Partial<Parameters<typeof choose>[0]>
/** A step, its F1, its standard error and its attempt. */
type Row = readonly [step: number, f1: number, error?: number, attempt?: number]

const ERROR = 0.125

function selection(rows: readonly Row[], given: Given = {}) {
  return choose({
    declaration: { metric: 'eval_f1', direction: 'max', declared_by: 'x' },
    evaluations: evaluations(
      ...rows.map(([step, eval_f1, eval_f1_stderr = ERROR, attempt = 0]) => {
        return [step, { eval_f1, eval_f1_stderr }, attempt] as const
      }),
    ),
    checkpoints: checkpoints(
      ...rows.map(([step, , , attempt = 0]) => {
        return { step, attempt, path: `checkpoint-${step}-${attempt}` }
      }),
    ),
    ...given,
  })
}

const earliest: Given = { policy: 'within_noise', options: { prefer: 'earliest' } }
const scored: Given = { policy: 'scored', options: { coefficients: { age: 1 } } }

test.each<[string, Row[], Given, string]>([
  [
    'the only checkpoint has no next one',
    [[10, 0.5]],
    {},
    'Step 10 is the only checkpoint that can be compared: eval_f1 0.5.',
  ],
  [
    'the next one has its difference',
    [
      [10, 0.5],
      [20, 0.9],
    ],
    {},
    'Step 20 is best: eval_f1 0.9, the highest of 2 checkpoints. Next is step 10 (−0.4).',
  ],
  [
    'one other within the noise replaces the next one',
    [
      [10, 0.875],
      [20, 1],
    ],
    {},
    'Step 20 is best: eval_f1 1, the highest of 2 checkpoints. Step 10 is within the noise (±0.13).',
  ],
  [
    'several others within the noise are listed',
    [
      [10, 0.875],
      [20, 1],
      [30, 0.9],
    ],
    {},
    'Step 20 is best: eval_f1 1, the highest of 3 checkpoints. Steps 10 and 30 are within the noise (±0.13).',
  ],
  [
    'without noise, one other of equal value is named',
    [
      [10, 0.5, 0],
      [20, 0.5, 0],
    ],
    {},
    'Step 10 is best: eval_f1 0.5, the highest of 2 checkpoints. Step 20 has the same value.',
  ],
  [
    'without noise, several others of equal value are named',
    [
      [10, 0.5, 0],
      [20, 0.5, 0],
      [30, 0.5, 0],
    ],
    {},
    'Step 10 is best: eval_f1 0.5, the highest of 3 checkpoints. Steps 20 and 30 have the same value.',
  ],
  [
    'checkpoints of several attempts are named with their attempts',
    [
      [10, 0.5, ERROR, 0],
      [20, 0.9, ERROR, 1],
    ],
    {},
    'Step 20 of attempt 1 is best: eval_f1 0.9, the highest of 2 checkpoints. Next is step 10 of attempt 0 (−0.4).',
  ],
  [
    'one candidate within the noise is preferred to no other',
    [
      [10, 0.5],
      [20, 0.9],
    ],
    earliest,
    'Step 20 is best: eval_f1 0.9, the highest of 2 checkpoints. Next is step 10 (−0.4).',
  ],
  [
    'of several within the noise the preferred one is named so, with the next one',
    [
      [10, 0.85],
      [20, 0.9],
      [30, 0.5],
    ],
    earliest,
    'Step 10 is best: eval_f1 0.85, the earliest of 2 checkpoints within the noise. Step 20 is within the noise (±0.13). Next is step 20 (+0.05).',
  ],
  [
    'a score is no value of the metric',
    [
      [10, 0.5],
      [20, 0.9],
    ],
    scored,
    'Step 20 is best: eval_f1 0.9, with the best score of 2 checkpoints. Next is step 10 (−0.4).',
  ],
])('%s', (_, rows, given, text) => {
  expect(selection(rows, given).reason).toBe(`${text} Declared by x.`)
})

test('if a candidate outside the noise has a better score, the reason names no ties', () => {
  const rows: Row[] = [
    [10, 0.9],
    [20, 0.85],
    [30, 0.1],
  ]
  expect(selection(rows, scored).reason).toBe(
    'Step 30 is best: eval_f1 0.1, with the best score of 3 checkpoints. Next is step 20 (+0.75). Declared by x.',
  )
})

test('the short reason names an equal next one, and whether it came later', () => {
  const short = (...rows: Row[]) => selection(rows).short_reason
  expect(short([10, 0.5])).toBe('The only checkpoint that can be compared. Declared by x.')
  expect(short([10, 0.5], [20, 0.5])).toBe(
    'The highest of 2 checkpoints. Step 20 has the same value and came later. Declared by x.',
  )
  const { short_reason } = selection(
    [
      [10, 0.5],
      [20, 0.5],
    ],
    {
      ...{ policy: 'within_noise', options: { prefer: 'latest' } },
    },
  )
  expect(short_reason).toBe(
    'The latest of 2 checkpoints within the noise. Step 10 has the same value. Declared by x.',
  )
})

test('without a best, the reason says what was skipped', () => {
  const why = (rows: Row[], given?: Given) => selection(rows, given).reason
  const none = 'No checkpoint can be chosen:'
  expect(why([[10, NaN]])).toBe(`${none} eval_f1 is NaN at step 10.`)
  expect(
    why([
      [10, NaN],
      [20, NaN],
    ]),
  ).toBe(`${none} eval_f1 is NaN at step 10, and 1 more were skipped.`)
  const gone = [10, 20].map((step) => ({ step, path: `c${step}`, files_state: 'missing' as const }))
  expect(
    why(
      [
        [10, 0.25],
        [20, 0.5],
      ],
      { checkpoints: checkpoints(...gone) },
    ),
  ).toBe(`${none} the files of c20 are missing (eval_f1 0.5), and 1 more were skipped.`)
  expect(why([[10, NaN]], { among: 'evaluations' })).toBe(
    `${none} no evaluation has a finite eval_f1.`,
  )
  expect(why([[10, 0.5]], { checkpoints: [] })).toBe(`${none} no checkpoint was found.`)
})

test('without a best there is no short reason, and without an author the reason names none', () => {
  expect(selection([[10, NaN]]).short_reason).toBe('')
  const asked = selection([[10, 0.5]], { options: { metric: 'eval_f1' } })
  expect(asked.reason).toBe('Step 10 is the only checkpoint that can be compared: eval_f1 0.5.')
})
