import { expect, test } from 'vitest'
import { backtest } from './backtest.ts'
import { backtestCsv } from './csv.ts'
import { aRun, curves } from './testing.ts'

test('text that a spreadsheet would run as a formula is text, and numbers stay numbers', () => {
  const values = curves([-4, -3, -2, -1, -5], [-0.5, -0.6, -0.7, -0.8, -0.9])
  const names = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '\n=1', '＝1+1', 'a=1', '"=1"']
  const runs = names.map((name, index) => aRun(name, `=${index}`, values.slice(0, 5)))
  // Copies of a run are skipped, so each run differs.
  runs.forEach(({ rows }, index) => {
    rows.evaluations = rows.evaluations.map((one) => ({
      ...one,
      values: {
        eval_loss: Number(one.values['eval_loss']) - index,
        eval_accuracy: Math.cos(one.step + index) - 2,
      },
    }))
  })
  const csv = backtestCsv(backtest(runs, { target: 'accuracy', at_least: 2 }))
  const cell = (name: string): string => {
    const text = /^[=+\-@\t\r\n＝]/.test(name) ? `'${name}` : name
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  names.forEach((name, index) =>
    expect(csv).toContain(`\n'=${index},${cell(name)},eval_accuracy,max,`),
  )
  expect(csv).toMatch(/,-[12]\.\d+/)
})

test('each pick is a row below the column names', () => {
  const run = aRun('run', 'group', curves([3, 1, 2, 2.5], [0.4, 0.6, 0.7, 0.8]))
  const [head, ...rows] = backtestCsv(backtest([run], { target: 'accuracy' }))
    .trimEnd()
    .split('\n')
  expect(head).toBe(
    'group,run,target,direction,among,candidates,best_step,best_value,policy,step,attempt,value,regret,is_exact,saw_target',
  )
  expect(rows).toContain(
    'group,run,eval_accuracy,max,evaluations,4,400,0.8,last,400,0,0.8,0,true,false',
  )
})
