import { expect, test } from 'vitest'
import { measurementsPrinted } from './output.ts'

test('the last line that is a JSON object with numbers is read, with its line number', () => {
  const output = ['loading', '{"acc": 1}', '{"acc": NaN, "acc_stderr": 0.1, "samples": 9}', 'done']
  expect(measurementsPrinted(output.join('\n'))).toEqual([
    {
      values: { acc: NaN, acc_stderr: 0.1 },
      samples: 9,
      directions: {},
      lines: { acc: 3, acc_stderr: 3 },
    },
  ])
})

test('an object over several lines is read whole, also after other output', () => {
  const printed = JSON.stringify({ acc: 0.5, list: [{ acc: 7 }], f1: 0.25 }, null, 2)
  for (const before of ['', 'loading\n\n']) {
    const output = `${before}${printed}\n`
    const [found, ...others] = measurementsPrinted(output)
    expect(others).toEqual([])
    expect(found?.values).toEqual({ acc: 0.5, f1: 0.25 })
    for (const [name, line] of Object.entries(found?.lines ?? {})) {
      expect(output.split('\n')[line - 1]).toContain(`"${name}": ${found?.values[name]}`)
    }
  }
})

test('results of an evaluation harness are one group per task', () => {
  const results = { results: { a: { 'acc,none': 1 }, b: { 'acc,none': 0 } } }
  const found = measurementsPrinted(JSON.stringify(results))
  expect(found.map(({ values }) => values)).toEqual([{ 'a/acc': 1 }, { 'b/acc': 0 }])
})

test('output without a number is not a measurement', () => {
  for (const output of ['', '{}', '[1]', '7', '{"text": "none"}', '{"acc": ', 'acc: 0.5']) {
    expect([output, measurementsPrinted(output)]).toEqual([output, []])
  }
})
