import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { audited, type AuditedWrite, listAudit } from './audit.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const STOP: AuditedWrite = {
  ...{ caller: 'token', token_id: null, person_id: null, name: 'ci', procedure: 'jobs.stop' },
  subject: { job_id: 'a' },
}

test('an entry is stored before the write, and its outcome after it', async () => {
  const during = await audited(
    db,
    STOP,
    async () => (await listAudit(db, { limit: 1 }))[0]?.outcome,
    (outcome) => (outcome === null ? 'done' : 'early'),
  )
  expect(during).toBeNull()
  const [entry] = await listAudit(db, { limit: 1 })
  expect(entry).toMatchObject({ ...STOP, outcome: 'done' })
})

test('entries before one are those that were stored earlier', async () => {
  const nothing = async () => undefined
  for (const name of ['one', 'two']) await audited(db, { ...STOP, name }, nothing, () => 'done')
  const [two, one] = await listAudit(db, { limit: 2 })
  expect([two?.name, one?.name]).toEqual(['two', 'one'])
  expect(await listAudit(db, { limit: 1, before: two?.audit_id })).toEqual([one])
})

test('a write that breaks leaves its entry without an outcome', async () => {
  const breaks = () => Promise.reject(new Error('broken'))
  await expect(audited(db, STOP, breaks, () => 'done')).rejects.toThrow('broken')
  expect((await listAudit(db, { limit: 1 }))[0]).toMatchObject({ outcome: null })
})

test('without an entry nothing is written', async () => {
  let wrote = false
  const write = async () => void (wrote = true)
  const token_id = 'not a uuid'
  await expect(audited(db, { ...STOP, token_id }, write, () => 'done')).rejects.toThrow()
  expect(wrote).toBe(false)
})

test('no statement changes an entry of the audit, or deletes one', async () => {
  await audited(
    db,
    STOP,
    async () => undefined,
    () => 'done',
  )
  const before = await listAudit(db, { limit: 100 })
  const { sql } = db
  for (const attempt of [
    () => sql`delete from audit_log`,
    () => sql`truncate audit_log`,
    () => sql`update audit_log set outcome = 'failed' where outcome is not null`,
    () => sql`update audit_log set name = 'eve' where outcome is null`,
    () => sql`update audit_log set at = 0, outcome = 'done' where outcome is null`,
  ]) {
    await expect(attempt()).rejects.toThrow(/audit (are never deleted|does not change)/)
  }
  expect(await listAudit(db, { limit: 100 })).toEqual(before)
})
