import { expect, test } from 'vitest'
import { DEFAULT_TARGET } from './target.ts'
import { TargetName } from './targetName.ts'

test('a target has a name as a model has, and the error says which names are valid', () => {
  expect(TargetName.parse(DEFAULT_TARGET)).toBe('folder')
  expect(TargetName.safeParse('My Target').error?.issues[0]?.message).toBe(
    'a target has at most 64 lower-case letters, digits, dots, dashes and underscores, and begins with a letter or a digit',
  )
})
