import { expect, test } from 'vitest'
import { ROLE_SCOPES, ROLES } from './role.ts'
import { SCOPES } from './scope.ts'

test('each scope is that of one role, in the same order', () => {
  expect(ROLES.map((role) => ROLE_SCOPES[role])).toEqual(SCOPES)
})
