import { pythonJson } from '@bestmark/core'
import { expect, test } from 'vitest'
import { lineOf, logLines } from './jsonLines.ts'

function linesOf(text: string) {
  const rows: object[] = JSON.parse(text).log_history
  const found = logLines(text, rows)
  return rows.map((row) => found.get(row))
}

test('a value has the line of its name in the text', () => {
  const log_history: Record<string, number>[] = [
    { loss: 3, step: 1 },
    { eval_f1: 0.5, eval_loss: 2, step: 2 },
    { loss: 1, step: 3 },
    { eval_f1: 0.5, eval_loss: 1, step: 4 },
  ]
  const text = pythonJson({ best_metric: 1, log_history }, 2)
  const lines = text.split('\n')
  for (const [index, found] of linesOf(text).entries()) {
    for (const [name, line] of Object.entries(found ?? {})) {
      expect(lines[line - 1]).toContain(`"${name}": ${log_history[index]?.[name]}`)
    }
  }
  expect(linesOf(text).map((found) => Object.keys(found ?? {}))).toEqual(
    log_history.map((row) => Object.keys(row).filter((name) => name !== 'step')),
  )
  expect(lineOf(text, 'best_metric', 1)).toBe(2)
})

test('in a text of one line all values are on that line', () => {
  const text = JSON.stringify({ log_history: [{ step: 1, eval_loss: 2 }] })
  expect(linesOf(text)).toEqual([{ eval_loss: 1 }])
})

test('a name in another notation has no line, and a name with another value is skipped', () => {
  const text = `{"eval_loss": 7, "log_history": [
    {"eval_caf\\u00e9": 1, "eval_loss": 2},
    {"nested": {"eval_loss": 5}, "eval_loss": 3},
    {"eval_loss": 4}
  ]}`
  const lines = linesOf(text).map((found) => found?.['eval_loss'])
  expect(lines.map((line) => text.split('\n')[(line ?? 0) - 1]?.trim())).toEqual([
    '{"eval_caf\\u00e9": 1, "eval_loss": 2},',
    '{"nested": {"eval_loss": 5}, "eval_loss": 3},',
    '{"eval_loss": 4}',
  ])
  expect(linesOf(text)[0]).not.toHaveProperty('eval_café')
  expect(lineOf(text, 'best_metric', null)).toBe(null)
})

test('a log with very many rows on one line is searched once', () => {
  const rows = Array.from({ length: 160_000 }, (_, step) => ({ step, loss: step, eval_loss: 'x' }))
  const text = JSON.stringify({ log_history: rows })
  const found = logLines(text, rows)
  expect(found.size).toBe(160_000)
  expect(found.get(rows.at(-1))).toEqual({ loss: 1 })
  expect(found.get(rows[7])).toEqual({ loss: 1 })
})
