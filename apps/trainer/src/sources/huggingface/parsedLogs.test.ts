import { pythonJson } from '@bestmark/core'
import { expect, test } from 'vitest'
import { ParsedLogs } from './parsedLogs.ts'

const ROWS = Array.from({ length: 12 }, (_, index) => ({
  step: index + 1,
  loss: index === 3 ? NaN : 1 / (index + 1),
  note: '\n  ]\n    }',
  sets: { a: [1, { b: 2 }] },
}))

function file(rows: readonly unknown[], indent?: number, step = rows.length): string {
  return pythonJson(
    { best_metric: null, global_step: step, log_history: rows, max_steps: 12 },
    indent,
  )
}

test('a save gets the rows of a longer log that begins with its own', () => {
  const logs = new ParsedLogs()
  const longest = logs.parse(file(ROWS, 2))
  expect(longest).toEqual({ best_metric: null, global_step: 12, log_history: ROWS, max_steps: 12 })
  for (let count = 1; count <= ROWS.length; count++) {
    const state = logs.parse(file(ROWS.slice(0, count), 2, 7))
    expect(state).toEqual({
      ...{ best_metric: null, global_step: 7, max_steps: 12 },
      log_history: ROWS.slice(0, count),
    })
    expect(rowsOf(state).every((row, index) => row === rowsOf(longest)[index])).toBe(true)
  }
})

test('a log that differs, is longer, is empty or is written otherwise is parsed', () => {
  const logs = new ParsedLogs()
  logs.parse(file(ROWS.slice(0, 8), 2))
  const other = ROWS.map((row) => (row.step === 5 ? { ...row, loss: 9 } : row))
  for (const rows of [ROWS, other, other.slice(0, 6), [], [1, 2], [{ step: 1, loss: 0 }]]) {
    for (const indent of [0, 1, 2, 4]) {
      expect(rowsOf(logs.parse(file(rows, indent)))).toEqual(rows)
    }
  }
})

test('rows without braces are not counted as rows', () => {
  const logs = new ParsedLogs()
  const mixed = [{ step: 1 }, 5, { step: 2 }, null, { step: 3 }]
  logs.parse(file(mixed, 2))
  for (let count = 0; count <= mixed.length; count++) {
    expect(rowsOf(logs.parse(file(mixed.slice(0, count), 2)))).toEqual(mixed.slice(0, count))
  }
})

test('a second log of the same name, or text that was cut, is as JSON.parse tells', () => {
  const logs = new ParsedLogs()
  logs.parse(file(ROWS, 2))
  const twice = `{\n  "log_history": [\n    {\n      "step": 1\n    }\n  ],\n  "log_history": [\n  ]\n}`
  expect(logs.parse(twice)).toEqual({ log_history: [] })
  const whole = file(ROWS.slice(0, 5), 2)
  for (let length = 0; length < whole.length; length += 3) {
    expect(() => logs.parse(whole.slice(0, length))).toThrow(SyntaxError)
  }
})

function rowsOf(state: unknown): unknown[] {
  return (state as { log_history: unknown[] }).log_history
}
