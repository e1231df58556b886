import fc from 'fast-check'
import { expect, test } from 'vitest'
import { measuredJson, measuredPlain, parsePythonJson, pythonJson } from './measured.ts'
import { Measured, MeasuredInJson } from './measuredSchema.ts'
import { wire } from './wire.ts'

test('a measured number may be NaN or infinite, missing is null, and nothing else is valid', () => {
  for (const value of [1, NaN, Infinity, -Infinity, null]) {
    expect(Measured.safeParse(value).success).toBe(true)
  }
  for (const value of ['NaN', undefined, '1']) expect(Measured.safeParse(value).success).toBe(false)
})

test('only the three words mean non-finite numbers', () => {
  for (const word of ['constructor', 'toString', '__proto__', 'nan', '']) {
    expect(MeasuredInJson.safeParse(word).success).toBe(false)
  }
})

test('JSON has non-finite numbers as words, and they are read back', () => {
  const text = measuredJson({ a: NaN, b: -Infinity, c: null, d: 1.5 })
  expect(text).toBe('{"a":"NaN","b":"-Infinity","c":null,"d":1.5}')
  const read = JSON.parse(text) as Record<string, unknown>
  expect(Object.values(read).map((value) => MeasuredInJson.parse(value))).toEqual([
    NaN,
    -Infinity,
    null,
    1.5,
  ])
})

test('plain data for another writer of JSON becomes the same text, and is itself unchanged', () => {
  const values = fc.anything({
    values: [fc.double(), fc.integer(), fc.string(), fc.boolean(), fc.constant(null)],
    withNullPrototype: true,
  })
  const property = fc.property(values, (value) => {
    const before = measuredJson(value)
    expect(JSON.stringify(measuredPlain(value))).toBe(before)
    expect(measuredJson(value)).toBe(before)
  })
  fc.assert(property)
  expect(measuredPlain({ a: [NaN, { b: -Infinity }], c: null })).toEqual({
    a: ['NaN', { b: '-Infinity' }],
    c: null,
  })
})

test('bare NaN and Infinity are read as Python writes them, and text that looks like them does not change', () => {
  const text =
    '{"loss": NaN, "best": -Infinity, "up": Infinity, "why": "NaN, \\"Infinity\\" -Infinity"}'
  expect(parsePythonJson(text)).toEqual({
    loss: NaN,
    best: -Infinity,
    up: Infinity,
    why: 'NaN, "Infinity" -Infinity',
  })
  const long = 'x'.repeat(5_000_000)
  expect(parsePythonJson(`{"a": NaN, "b": "${long}"}`)).toEqual({ a: NaN, b: long })
  expect(() => parsePythonJson('{"loss": NaN')).toThrow(SyntaxError)
})

test('the wire keeps NaN, infinities and typed arrays', () => {
  const sent = { loss: NaN, top: Infinity, steps: Float64Array.of(1, NaN, -Infinity) }
  expect(wire.output.deserialize(wire.output.serialize(sent))).toEqual(sent)
})

test('bare non-finite numbers are written as Python writes them, and words stay words', () => {
  const value = { a: NaN, b: [-Infinity, Infinity, 1.5, null], c: 'NaN' }
  expect(pythonJson(value)).toBe('{"a":NaN,"b":[-Infinity,Infinity,1.5,null],"c":"NaN"}')
  expect(parsePythonJson(pythonJson(value, 2))).toEqual(value)
})
