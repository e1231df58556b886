import { expect, test } from 'vitest'
import { z } from 'zod'
import { TrainingEvent } from './run/event.ts'
import { namedRecord, ownMeasure, ownValue, setOwn } from './named.ts'
import { namedValues } from './namedValues.ts'
import { rowsFrom } from './run/rows.ts'
import { explain } from './explanation/explain.ts'
import { select } from './selection/select.ts'
import { wire } from './wire.ts'

/** Every name that a plain object inherits. */
const INHERITED = Object.getOwnPropertyNames(Object.prototype)

/** A record with a number under each such name. */
const everyName = () => Object.fromEntries(INHERITED.map((name, index) => [name, index]))

test('a name that every object inherits is found only where it was set', () => {
  for (const name of INHERITED) {
    const record: Record<string, number> = {}
    expect([name, ownValue(record, name), ownValue(undefined, name)]).toEqual([
      name,
      undefined,
      undefined,
    ])
    setOwn(record, name, 1)
    expect([name, ownValue(record, name), Object.keys(record)]).toEqual([name, 1, [name]])
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
  }
})

test('a measurement is found under any name, and never in what objects inherit', () => {
  for (const name of [...INHERITED, 'eval_loss']) {
    const bare = Object.create(null) as Record<string, number>
    expect([ownMeasure({}, name), ownMeasure(bare, name)]).toEqual([undefined, undefined])
    for (const value of [0, 1.5, NaN, -Infinity, null]) {
      const record: Record<string, number | null> = {}
      setOwn(record, name, value)
      expect(ownMeasure(record, name)).toBe(value)
    }
  }
})

test('values under any name are checked by their schema, and an error has the name', () => {
  const Values = z.object({ values: namedValues(z.number()).default({}) })
  const read = Values.parse({ values: everyName() })
  expect(Object.entries(read.values).sort()).toEqual(Object.entries(everyName()).sort())
  expect(Values.parse({})).toEqual({ values: {} })
  for (const name of INHERITED) {
    const { error } = Values.safeParse({ values: Object.fromEntries([[name, 'high']]) })
    expect(error?.issues.map(({ path }) => path)).toEqual([['values', name]])
  }
  for (const values of [null, [], 'x', 1]) {
    expect(Values.safeParse({ values }).error?.issues[0]?.path).toEqual(['values'])
  }
})

test('records with such names are sent unchanged, alone and in many rows', () => {
  const rows = Array.from({ length: 20 }, () => ({ values: everyName() }))
  for (const value of [everyName(), rows, rows.map(everyName)]) {
    for (const { serialize, deserialize } of [wire.input, wire.output]) {
      const back = deserialize(serialize(value))
      expect(JSON.stringify(back)).toBe(JSON.stringify(value))
    }
  }
})

test.each(INHERITED)(
  'a run whose metrics are called %s is ranked by their values alone',
  (name) => {
    const events = [1, 2, 3].flatMap((step) => [
      {
        ...{ type: 'evaluation', attempt: 0, step, at: null, epoch: null },
        // The second evaluation does not measure it.
        values: Object.fromEntries([['eval_loss', step], ...(step === 2 ? [] : [[name, step]])]),
      },
      {
        type: 'checkpoint',
        attempt: 0,
        at: null,
        step,
        path: `checkpoint-${step}`,
        files_state: 'complete',
      },
    ])
    const rows = rowsFrom(events.map((event) => TrainingEvent.parse(event)))
    const input = {
      ...rows,
      policy: 'metric',
      options: { metric: name, direction: 'max' },
    } as const
    const selection = select(input)
    expect(selection.best).toMatchObject({ step: 3, value: 3 })
    expect(selection.skipped).toMatchObject([{ step: 2 }])
    expect(explain(input, {}, selection).sentence).toContain(name)
    const other = select({ ...rows, policy: 'lowest_eval_loss' })
    expect(explain({ ...rows, policy: 'lowest_eval_loss' }, {}, other).sentence).toContain('Step 1')
    const undirected = select({ ...rows, policy: 'metric', options: { metric: name } })
    expect(undirected).toMatchObject({ best: null, direction: null })
  },
)

test('a value set under any name is an ordinary property', () => {
  const record: Record<string, number> = {}
  setOwn(record, 'a', 1)
  expect(Object.getOwnPropertyDescriptor(record, 'a')).toEqual(
    Object.getOwnPropertyDescriptor({ a: 1 }, 'a'),
  )
})

test('a record is read only from pairs of a name and a value', () => {
  expect(namedRecord.decode([['a', 1]])).toEqual({ a: 1 })
  for (const entries of [null, 'ab', {}, ['ab'], [['a']], [['a', 1, 2]], [[1, 2]]]) {
    expect(() => namedRecord.decode(entries)).toThrow('must be a list of [name, value] pairs')
  }
  expect(() => namedRecord.decode([['a', 1], ['b']])).toThrow(TypeError)
})

test('a value that is not an object is refused with a message, and so is a value under any name', () => {
  const issue = (value: unknown) => namedValues(z.number()).safeParse(value).error?.issues[0]
  expect(issue('x')).toMatchObject({ message: 'expected an object' })
  for (const name of ['a', '__proto__']) {
    expect(issue(JSON.parse(`{"${name}": "x"}`))).toMatchObject({ code: 'custom', path: [name] })
  }
})
