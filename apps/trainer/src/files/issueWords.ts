import { ownValue } from '@bestmark/core'
import type { z } from 'zod'

/** What a type of a schema is called in a file. */
const TYPES: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  null: 'nothing',
  number: 'a number',
  object: 'keys with values',
  record: 'keys with values',
  string: 'a text',
}

/**
 * What is wrong with a value in a file, in plain words for `safeParse`. Undefined for what has better
 * words: those of the schema itself, or zod's.
 */
export function issueWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return `it is missing; it must be ${typeName(issue.expected)}`
      return `it must be ${typeName(issue.expected)}; got ${shown(issue.input)}`
    case 'invalid_value':
      return choice(issue.values, issue.input)
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? choice(issue.options, discriminated(issue))
        : undefined
    case 'unrecognized_keys':
      return 'there is no such key'
    case 'too_small':
      return size(issue, 'at least', issue.minimum)
    case 'too_big':
      return size(issue, 'at most', issue.maximum)
    default:
      return undefined
  }
}

function typeName(expected: string): string {
  return ownValue(TYPES, expected) ?? expected
}

function choice(values: readonly unknown[], given: unknown): string {
  const listed = values.map(String).join(', ')
  if (given === undefined) return `it is missing; it must be one of: ${listed}`
  return `it must be one of: ${listed}; got ${shown(given)}`
}

/** The value of the key that chooses one of several forms. */
function discriminated({ input, discriminator }: z.core.$ZodRawIssue): unknown {
  if (typeof input !== 'object' || input === null || typeof discriminator !== 'string') return input
  return Object.entries(input).find(([name]) => name === discriminator)?.[1]
}

function size(issue: z.core.$ZodRawIssue, bound: string, limit: unknown): string | undefined {
  const { origin, input } = issue
  const one = limit === 1 || limit === 1n
  if (origin === 'array') return `it must have ${bound} ${String(limit)} item${one ? '' : 's'}`
  if (origin === 'string')
    return `it must have ${bound} ${String(limit)} character${one ? '' : 's'}`
  return origin === 'number' || origin === 'int'
    ? `it must be ${bound} ${String(limit)}; got ${shown(input)}`
    : undefined
}

/** A value as it may be written in a file, or its kind. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null) return 'nothing'
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'keys with values'
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value
}
