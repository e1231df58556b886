import { expect, test } from 'vitest'
import { noApproval, noApprovalText, waitsForApproval } from './approval.ts'

const WAITING = {
  ...{ needs_approval: true, approved_at: null, status: 'queued' },
  ...{ by: 'ana', by_person_id: null as string | null },
}

const named = (name: string, person_id: string | null = null) => ({ name, person_id })

test('an order is approved by another person than the one who ordered it', () => {
  expect(noApproval(WAITING, named('max'))).toBeNull()
  for (const name of ['ana', ' Ana ', 'ANA']) {
    expect(noApproval(WAITING, named(name))).toBe('same_person')
  }
  // Nobody knows who ordered it, so anybody may be that person.
  expect(noApproval({ ...WAITING, by: null }, named('max'))).toBe('same_person')
})

test('of two accounts their ids decide, not their names; with one account the names do', () => {
  const order = { ...WAITING, by_person_id: 'a' }
  expect(noApproval(order, named('ana', 'b'))).toBeNull()
  expect(noApproval(order, named('Ana Maria', 'a'))).toBe('same_person')
  expect(noApproval(order, named('ana'))).toBe('same_person')
  expect(noApproval(WAITING, named('ana', 'b'))).toBe('same_person')
  expect(noApproval(WAITING, named('max', 'b'))).toBeNull()
})

test('an approval needs a name, and an order that waits for it', () => {
  const max = named('max')
  expect(noApproval(WAITING, named('  '))).toBe('no_name')
  expect(noApproval({ ...WAITING, needs_approval: false }, max)).toBe('not_needed')
  expect(noApproval({ ...WAITING, approved_at: 1 }, max)).toBe('already_approved')
  expect(noApproval({ ...WAITING, status: 'failed' }, max)).toBe('ended')
  expect(noApprovalText('same_person')).toContain('Ask a second person.')
})

test('only an order that needs an approval, has none and is queued waits for it', () => {
  expect(waitsForApproval(WAITING)).toBe(true)
  expect(waitsForApproval({ ...WAITING, needs_approval: false })).toBe(false)
  expect(waitsForApproval({ ...WAITING, approved_at: 1 })).toBe(false)
  expect(waitsForApproval({ ...WAITING, status: 'failed' })).toBe(false)
})
