import { expect, test } from 'vitest'
import { cellText, columnWords, isColumn } from './jobColumns.ts'
import { readQuery, sortedBy } from './jobQuery.ts'

const query = readQuery(new URLSearchParams())

test("a column is named by its metric or option, and by which of a metric's values it has", () => {
  expect(columnWords('best:eval/a:b')).toEqual({ kind: 'best', name: 'eval/a:b' })
  expect(columnWords('config:optimizer.lr')).toEqual({ kind: '', name: 'optimizer.lr' })
  expect(['best:x', 'best:', 'worst:x', 'x'].filter(isColumn)).toEqual(['best:x'])
})

test('a cell shows 4 digits of a measurement, an option as it is, and nothing where there is none', () => {
  const cells = {
    a: { 'last:loss': NaN, 'best:loss': 1.23456, 'config:lr': 0.003, 'config:n': null },
  }
  expect(cellText(cells, 'a', 'best:loss')).toBe('1.235')
  expect(cellText(cells, 'a', 'last:loss')).toBe('NaN')
  expect(cellText(cells, 'a', 'config:lr')).toBe('0.003')
  expect(cellText(cells, 'b', 'config:lr')).toBeUndefined()
})

test('a click on a column shows its best first, and another click reverses the order', () => {
  const first = sortedBy({ ...query, cursor: 'x' }, 'best:eval_f1')
  expect(first).toMatchObject({ sort: 'best:eval_f1', descending: true, cursor: null })
  expect(sortedBy(first, 'best:eval_f1')).toMatchObject({ descending: false })
  expect(sortedBy(query, 'best:eval_loss')).toMatchObject({ descending: false })
  expect(sortedBy(query, 'config:lr')).toMatchObject({ descending: false })
})
