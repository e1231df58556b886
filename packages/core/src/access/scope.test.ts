import { expect, test } from 'vitest'
import { includesScope, SCOPES } from './scope.ts'

test('each scope includes itself and those before it, and no other', () => {
  const included = SCOPES.map((held) => SCOPES.filter((needed) => includesScope(held, needed)))
  expect(included).toEqual([['read'], ['read', 'write'], ['read', 'write', 'admin']])
})
