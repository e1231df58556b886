import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAudit } from '../access/audit.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { Accounts } from './accounts.ts'
import { invitationOf, invite, inviteFirst, listInvitations, resetPassword } from './invitations.ts'
import { changeRole, endSessions, listPeople, personNamed, removePerson } from './people.ts'
import { isSessionOpen } from './sessionState.ts'
import { TRIES } from './signInTries.ts'

let db: TestDatabase
let accounts: Accounts
const errors: string[] = []
const SECRET = 'x'.repeat(64)

const accountsOf = (secret = SECRET) =>
  new Accounts(db, {
    ...{ secret, url: 'https://board.lab.org', cookiePrefix: 'bestmark-1', oidc: undefined },
    addressHeader: 'x-address',
    onError: (message) => errors.push(message),
  })

beforeAll(async () => {
  db = await testDatabase()
  accounts = accountsOf()
  await inviteFirst(db, 'setup')
})
afterAll(() => db[Symbol.asyncDispose]())

const PASSWORD = 'correct horse battery'
const ANA = { name: 'Ana', email: 'Ana@Lab.org', password: PASSWORD }
let address = 0
const from = (cookies: string[] = []) => ({
  headers: new Headers({ cookie: cookies.map((one) => one.split(';')[0]).join('; ') }),
  address: `10.0.${(address += 1)}.1`,
})

async function cookiesOf(email: string, password = PASSWORD): Promise<string[]> {
  const answer = await accounts.signIn({ email, password }, from())
  if ('refused' in answer) throw new Error(answer.refused)
  return answer.cookies
}

test('the first visitor with the setup secret becomes the admin, once', async () => {
  const [one, two] = await Promise.allSettled([
    accounts.accept('setup', ANA),
    accounts.accept('setup', { ...ANA, email: 'eve@lab.org', name: 'Eve' }),
  ])
  const made = [one, two].filter(({ status }) => status === 'fulfilled')
  expect(made).toHaveLength(1)
  expect(await listPeople(db)).toMatchObject([{ role: 'admin', sessions: 0, used_at: null }])
  expect(await invitationOf(db, 'setup')).toBeUndefined()
  // Which of the two was first is not the point of the tests below.
  const [{ person_id } = { person_id: '' }] = await listPeople(db)
  await db.sql`update people set name = 'Ana', email = 'ana@lab.org' where person_id = ${person_id}`
  await inviteFirst(db, 'another')
  expect(await invitationOf(db, 'another')).toBeUndefined()
})

test('a session has a signed cookie, and the database has neither key nor password', async () => {
  const cookies = await cookiesOf(' ANA@lab.org ')
  expect(cookies[0]).toMatch(/^__Secure-bestmark-1\.session_token=.*HttpOnly; Secure; SameSite=Lax/)
  const signedIn = await accounts.signedIn(from(cookies).headers)
  expect(signedIn).toMatchObject({ person: { name: 'Ana', role: 'admin' } })
  expect(await isSessionOpen(db, signedIn?.session_id ?? '')).toBe(true)
  const value = decodeURIComponent(cookies[0]?.split(/[=;]/)[1] ?? '')
  const [token = ''] = value.split('.')
  const [row] = await db.sql`select token from sessions`
  expect(row?.['token']).toBe(token)
  // The token in the database is not enough.
  const forged = await accountsOf('y'.repeat(64)).signedIn(from(cookies).headers)
  expect(forged).toBeUndefined()
  const stored = JSON.stringify(await db.sql`select * from sign_in_ways`)
  expect(stored).not.toContain(PASSWORD)
})

test('an unknown address and a wrong password get the same answer', async () => {
  const wrong = { refused: 'wrong' }
  expect(await accounts.signIn({ email: 'ana@lab.org', password: 'wrong' }, from())).toEqual(wrong)
  for (const email of ['who@lab.org', 'no address', '']) {
    expect(await accounts.signIn({ email, password: PASSWORD }, from())).toEqual(wrong)
  }
  const password = 'x'.repeat(10_000)
  expect(await accounts.signIn({ email: 'ana@lab.org', password }, from())).toEqual(wrong)
})

test('too many failed tries from one address are refused, also by another process, and others can sign in', async () => {
  const there = { headers: new Headers(), address: '192.0.2.1' }
  const wrong = { email: 'ana@lab.org', password: 'wrong' }
  for (let count = 0; count < TRIES.pair; count++) await accounts.signIn(wrong, there)
  const right = { email: 'ana@lab.org', password: PASSWORD }
  expect(await accounts.signIn(right, there)).toEqual({ refused: 'tries' })
  expect(await accountsOf().signIn(right, there)).toEqual({ refused: 'tries' })
  expect(await accounts.signIn(right, from())).toHaveProperty('cookies')
  await db.sql`update sign_in_tries set since = since - ${TRIES.within}`
  expect(await accounts.signIn(right, there)).toHaveProperty('cookies')
})

test('an invitation makes an account with its address and role, once', async () => {
  const secret = await invite(db, { email: 'Ben@lab.org', role: 'member' })
  expect(await listInvitations(db)).toMatchObject([{ email: 'ben@lab.org', role: 'member' }])
  expect(JSON.stringify(await db.sql`select * from invitations`)).not.toContain(secret)
  const ben = { name: 'Ben', email: 'other@lab.org', password: PASSWORD }
  await expect(accounts.accept(secret, { ...ben, password: 'short' })).rejects.toThrow('12 to 128')
  await expect(accounts.accept(secret, { ...ben, name: ' ' })).rejects.toThrow('Enter a name')
  expect(await accounts.accept(secret, ben)).toMatchObject({ email: 'ben@lab.org', role: 'member' })
  await expect(accounts.accept(secret, ben)).rejects.toThrow('was used or has ended')
  await expect(invite(db, { email: 'ben@lab.org', role: 'admin' })).rejects.toThrow('already has')
  await expect(invite(db, { email: 'ben', role: 'admin' })).rejects.toThrow('no e-mail address')
  expect(await listInvitations(db)).toEqual([])
})

test('an invitation ends after a week, and when the address is invited again', async () => {
  const first = await invite(db, { email: 'cho@lab.org', role: 'viewer' })
  const second = await invite(db, { email: 'cho@lab.org', role: 'viewer' })
  expect([await invitationOf(db, first), await invitationOf(db, second)]).toMatchObject([
    undefined,
    { role: 'viewer' },
  ])
  await db.sql`update invitations set expires_at = created_at where email = 'cho@lab.org'`
  expect(await invitationOf(db, second)).toBeUndefined()
})

test('a link to a new password ends the sessions of the person, and the old password', async () => {
  const cookies = await cookiesOf('ben@lab.org')
  const ben = await personNamed(db, 'BEN@lab.org')
  const secret = await resetPassword(db, ben)
  const entered = { name: 'Eve', email: 'eve@lab.org', password: 'another long password' }
  expect(await accounts.accept(secret, entered)).toEqual(ben)
  expect(await accounts.signedIn(from(cookies).headers)).toBeUndefined()
  await expect(cookiesOf('ben@lab.org')).rejects.toThrow('wrong')
  await cookiesOf('ben@lab.org', 'another long password')
})

test('who knows the present password can change it', async () => {
  const ben = await personNamed(db, 'ben@lab.org')
  await expect(accounts.changePassword(ben, 'wrong', PASSWORD)).rejects.toThrow('is wrong')
  await accounts.changePassword(ben, 'another long password', PASSWORD)
  await cookiesOf('ben@lab.org')
})

test('sessions end at once: of one browser, of all, and of a removed person', async () => {
  const [one, two, three] = [
    await cookiesOf('ben@lab.org'),
    await cookiesOf('ben@lab.org'),
    await cookiesOf('ben@lab.org'),
  ]
  const isIn = async (cookies: string[]) =>
    (await accounts.signedIn(from(cookies).headers)) !== undefined
  await accounts.signOut(from(one).headers)
  expect([await isIn(one), await isIn(two)]).toEqual([false, true])
  const ben = await personNamed(db, 'ben@lab.org')
  await endSessions(db, ben.person_id)
  expect([await isIn(two), await isIn(three)]).toEqual([false, false])
  const last = await cookiesOf('ben@lab.org')
  await removePerson(db, ben.person_id)
  expect(await isIn(last)).toBe(false)
  await expect(cookiesOf('ben@lab.org')).rejects.toThrow('wrong')
  await expect(personNamed(db, 'ben@lab.org')).rejects.toThrow('Nobody has the account')
  const again = await invite(db, { email: 'ben@lab.org', role: 'viewer' })
  const entered = { name: 'Ben', email: '', password: PASSWORD }
  expect(await accounts.accept(again, entered)).toEqual({ ...ben, role: 'viewer' })
})

test('the last admin stays one, also if two admins remove each other at the same time', async () => {
  const ana = await personNamed(db, 'ana@lab.org')
  const ben = await personNamed(db, 'ben@lab.org')
  await expect(removePerson(db, ana.person_id)).rejects.toThrow('Ana is the last admin')
  await expect(changeRole(db, ana.person_id, 'viewer')).rejects.toThrow('Ana is the last admin')
  await changeRole(db, ben.person_id, 'admin')
  const both = [ana, ben].map(({ person_id }) => removePerson(db, person_id))
  const ends = (await Promise.allSettled(both)).map(({ status }) => status)
  expect(ends.sort()).toEqual(['fulfilled', 'rejected'])
})

test('the audit has each sign-in and each accepted invitation, and no secret', async () => {
  const entries = await listAudit(db, { limit: 100 })
  const procedures = new Set(entries.map(({ procedure }) => procedure))
  expect(procedures).toEqual(new Set(['people.accept', 'people.signIn', 'people.changePassword']))
  expect(JSON.stringify(entries)).not.toContain(PASSWORD)
  expect(errors.join()).not.toMatch(/lab\.org|horse/)
})
