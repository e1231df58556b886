import { expect, test } from 'vitest'
import { includesScope, SCOPES, scopeText, TOKEN_SCOPES } from './scope.ts'

test('each scope includes itself and those before it, and no other', () => {
  const included = SCOPES.map((held) => SCOPES.filter((needed) => includesScope(held, needed)))
  expect(included).toEqual([['read'], ['read', 'write'], ['read', 'write', 'admin']])
})

test('the scope to send journals includes no other', () => {
  expect(TOKEN_SCOPES).toEqual([...SCOPES, 'ingest'])
  expect(SCOPES.filter((needed) => includesScope('ingest', needed))).toEqual([])
})

test('the words of a scope have its job or project', () => {
  const none = { job_id: null, project: null }
  expect(scopeText({ ...none, scope: 'read' })).toBe('read')
  expect(scopeText({ ...none, scope: 'ingest', project: 'asr' })).toBe('ingest of project asr')
  expect(scopeText({ ...none, scope: 'ingest', job_id: 'a' })).toBe('ingest of job a')
})
