import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { Failure, errorText } from './failure.ts'

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('It did not throw.')
}

const deep = (): unknown => {
  let value: unknown = 1
  for (let depth = 0; depth < 100_000; depth++) value = [value]
  return JSON.stringify(value)
}

test('errors of the system, of a schema and of JavaScript get plain messages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bestmark-'))
  const refused = Object.assign(new Error('value out of range for type bigint'), {
    ...{ severity: 'ERROR', code: '22003' },
  })
  const query = new Error('value out of range for type bigint (in: select …)', { cause: refused })
  const vectors: [thrown: unknown, message: string][] = [
    [thrownBy(() => readFileSync(folder)), 'it is a folder, not a file'],
    [thrownBy(() => readFileSync(join(folder, 'x'.repeat(300)))), 'its name is too long'],
    [thrownBy(() => readFileSync(join(folder, 'x'))), `it does not exist (${folder}/x)`],
    [thrownBy(() => TrainingEvent.parse([])), 'its outermost value is not valid'],
    [thrownBy(() => TrainingEvent.parse({ type: 'log', attempt: 0 })), 'level is not valid'],
    [thrownBy(deep), 'it is nested too deeply'],
    [thrownBy(() => new Date(NaN).toISOString()), 'a time in it is not valid'],
    [thrownBy(() => 'x'.repeat(2 ** 30)), 'it is too large'],
    [thrownBy(() => Buffer.alloc(2).readDoubleLE(0)), 'it is cut short'],
    [query, 'the database cannot store one of its values'],
  ]
  rmSync(folder, { recursive: true })
  for (const [thrown, message] of vectors) {
    const text = errorText(thrown)
    expect(text).toContain(message)
    expect(text).not.toMatch(/^\[|\bE[A-Z]{4,}\b|bigint|call stack|select/)
  }
  expect(errorText(new Failure('a\n  b'))).toBe('a b')
})
