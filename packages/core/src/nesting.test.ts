import { expect, test } from 'vitest'
import { parsePythonJson } from './measured.ts'
import { shallow } from './nesting.ts'

const nested = (depth: number, [open, close] = ['[', ']']): string =>
  open.repeat(depth) + close.repeat(depth)

test('values that are nested too deeply are null, and all others are read', () => {
  for (const deep of [nested(200_000), nested(5000, ['{"a":[', ']}'])]) {
    const text = `{"before": 1, "deep": ${deep}, "nan": NaN, "after": [${deep}, 2]}`
    const read = parsePythonJson(text) as Record<string, unknown>
    expect(read).toMatchObject({ before: 1, nan: NaN })
    expect((read['after'] as unknown[])[1]).toBe(2)
    expect(() => JSON.stringify(read)).not.toThrow()
  }
})

test('a text with normal nesting stays unchanged, even with brackets in its strings', () => {
  const words = JSON.stringify({ a: '[['.repeat(300), b: '\\"{'.repeat(300), c: [[1], [2]] })
  expect(shallow(words)).toBe(words)
  expect(shallow(nested(100))).toBe(nested(100))
  expect(() => parsePythonJson(nested(300).slice(0, -1))).toThrow(SyntaxError)
})

test('brackets in a string are not nesting, and a quote after a backslash does not end it', () => {
  const inside = JSON.stringify({ a: nested(200), b: `" ${nested(200)} \\`, c: nested(150) })
  expect(shallow(inside)).toBe(inside)
  const outside = `{"a": "]]", "b": ${nested(150)}, "c": 1}`
  expect(shallow(outside)).toBe(`{"a": "]]", "b": ${nested(99).replace('[]', '[null]')}, "c": 1}`)
})
