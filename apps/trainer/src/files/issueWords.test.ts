import { expect, test } from 'vitest'
import { z } from 'zod'
import { checkedYaml } from './checkedYaml.ts'

const File = z.strictObject({
  words: z.array(z.string().max(3)).min(1).default(['a']),
  count: z.number().int().min(1).max(9).default(1),
  is_on: z.boolean().default(true),
  way: z.enum(['agent', 'slurm']).default('agent'),
  kinds: z
    .record(
      z.string(),
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('number'), least: z.number() }),
        z.strictObject({ type: z.literal('text') }),
      ]),
    )
    .default({}),
})

test.each([
  ['words: a', 'line 1: words: it must be a list; got "a".'],
  ['words: []', 'line 1: words: it must have at least 1 item.'],
  ['words:\n  - a\n  - 3', 'line 3: words.1: it must be a text; got 3.'],
  ['words: [long]', 'line 1: words.0: it must have at most 3 characters.'],
  ['count: many', 'line 1: count: it must be a number; got "many".'],
  ['count: 1.5', 'line 1: count: it must be a whole number; got 1.5.'],
  ['count: 12', 'line 1: count: it must be at most 9; got 12.'],
  ['is_on: yes please', 'line 1: is_on: it must be true or false; got "yes please".'],
  ['way:', 'line 1: way: it must be one of: agent, slurm; got nothing.'],
  ['way: pbs', 'line 1: way: it must be one of: agent, slurm; got "pbs".'],
  ['kinds:\n  n: 3', 'line 2: kinds.n: it must be keys with values; got 3.'],
  ['kinds:\n  n: { type: float }', 'kinds.n.type: it must be one of: number, text; got "float".'],
  ['kinds:\n  n: {}', 'kinds.n.type: it is missing; it must be one of: number, text.'],
  ['kinds:\n  n: { type: number }', 'kinds.n.least: it is missing; it must be a number.'],
  ['ways: agent', 'line 1: ways: there is no such key.'],
  ['- a', 'line 1: the file: it must be keys with values; got a list.'],
  ['way: agent\nway: slurm', 'line 2: a key must not be given twice.'],
])('%j is refused in plain words', (text, message) => {
  expect(() => checkedYaml(text, 'a.yaml', File)).toThrow(message)
})
