import { expect, test } from 'vitest'
import type { ApiToken, AuditEntry } from '../api.ts'
import { callerText, outcomeText, subjectTexts, tokenState } from './accessWords.ts'

const TOKEN: ApiToken = {
  ...{ token_id: 'a', name: 'ci', scope: 'read', created_at: 0, expires_at: 100 },
  ...{ job_id: null, project: null, used_at: null, revoked_at: null },
}
const ENTRY: AuditEntry = {
  ...{ audit_id: 1, at: 0, caller: 'token', token_id: 'a', name: 'ci', procedure: 'jobs.tag' },
  person_id: null,
  ...{ subject: { job_ids: ['x', 'y'], project: 'asr' }, outcome: 'done' },
}

test('a token is valid until its end, and a revoked one says so', () => {
  expect([99, 100].map((now) => tokenState(TOKEN, now))).toEqual(['valid', 'expired'])
  expect(tokenState({ ...TOKEN, revoked_at: 5 }, 1_000)).toBe('revoked')
})

test('an entry says who changed what, and how that ended', () => {
  expect(callerText(ENTRY)).toBe('token ci')
  expect(callerText({ ...ENTRY, caller: 'link', name: null })).toBe('somebody with the link')
  expect(callerText({ ...ENTRY, caller: 'person', name: 'Ana' })).toBe('Ana')
  expect(callerText({ ...ENTRY, caller: 'command', name: 'root' })).toBe('command root')
  expect(subjectTexts(ENTRY)).toEqual(['job_ids x, y', 'project asr'])
  const outcomes = ['done', 'FORBIDDEN', null].map((outcome) => outcomeText({ ...ENTRY, outcome }))
  expect(outcomes).toEqual(['done', 'failed (FORBIDDEN)', 'outcome unknown'])
})
