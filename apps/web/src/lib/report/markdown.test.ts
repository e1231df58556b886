import { expect, test } from 'vitest'
import { code, plain, table } from './markdown.ts'

test('a name has no effect as Markdown', () => {
  expect(plain('<b>*x*</b> | [a](b)\n# y')).toBe('\\<b\\>\\*x\\*\\</b\\> \\| \\[a\\]\\(b\\) \\# y')
  expect(plain('- item')).toBe('\\- item')
  expect(plain('1. item')).toBe('1\\. item')
  expect(plain('a\u202eb')).toBe('a\\\\u202eb')
})

test('a path with backticks stays code', () => {
  expect(code('/a/b')).toBe('`/a/b`')
  expect(code('/a``b`')).toBe('``` /a``b` ```')
})

test('a table has its figures at the right', () => {
  expect(table(['a', 'b'], [['x|y', '1']], [1])).toBe('| a | b |\n| --- | ---: |\n| x\\|y | 1 |')
})
