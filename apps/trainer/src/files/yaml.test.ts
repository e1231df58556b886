import { expect, test } from 'vitest'
import { yamlValues } from './yaml.ts'

const nested = (open: string, close: string, depth: number): string =>
  `lr: 1\ndeep: ${open.repeat(depth)}2${close.repeat(depth)}\n`

test.each([
  ['lists', '[', ']'],
  ['maps', '{a: ', '}'],
])(
  '%s that are nested too deeply are an error with their line, and others are read',
  (_, ...pair) => {
    const values = yamlValues(nested(...pair, 500))
    expect(values).toMatchObject([
      { name: 'lr', value: 1 },
      { value: 2, line: 2 },
    ])
    const error = 'line 2: it is nested too deeply'
    expect(yamlValues(nested(...pair, 501))).toEqual({ error })
  },
)

test('lists in lists on one line are nested too', () => {
  expect(yamlValues(`lr: 1\ndeep:\n  ${'- '.repeat(501)}2\n`)).toEqual({
    error: 'line 3: it is nested too deeply',
  })
})

test('brackets that are closed are not nested, however many there are', () => {
  expect(yamlValues(`all: [${'[1], {a: 2}, '.repeat(2_000)}]\n`)).toHaveLength(4_000)
  expect(yamlValues(`face: ':]${')]}'.repeat(2_000)}'\nlr: 1\n`)).toHaveLength(2)
})
