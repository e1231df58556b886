import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listAudit, listPeople, setupSecret } from '@bestmark/db'
import { Accounts } from '@bestmark/db/accounts'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from './testing.ts'

const here = testBoard()
const people = (...words: string[]) => command(['people', ...words], { env: here.env })

const accounts = () =>
  new Accounts(here.board.db, {
    ...{ secret: 'x'.repeat(64), url: 'http://localhost', cookiePrefix: 'test', oidc: undefined },
    ...{ addressHeader: 'x-address', onError: () => undefined },
  })

const PASSWORD = 'correct horse battery'
const accept = (link: string, name: string, email = '') =>
  accounts().accept(new URL(link.trim()).searchParams.get('token') ?? '', {
    ...{ name, email, password: PASSWORD },
  })
const roles = async () =>
  (await listPeople(here.board.db)).map(({ name, role }) => `${name} ${role}`)

test('a board without people has none to list', async () => {
  expect(await people()).toMatchObject({
    ...{ code: 1, stdout: '' },
    stderr: expect.stringContaining('Nobody has an account.'),
  })
})

test('an invitation is a link of the board, whose address must be known', async () => {
  const secret = await setupSecret(here.board.db, here.board.home)
  await accept(`http://localhost/join?token=${secret}`, 'Ana', 'ana@lab.org')
  const unknown = await people('--invite', 'ben@lab.org')
  expect(unknown).toMatchObject({ stdout: '', stderr: expect.stringContaining('BESTMARK_URL') })
  await writeFile(join(here.board.home, 'address'), '0.0.0.0 4173 https://board.lab.org\n')
  const made = await people('--invite', 'Ben@lab.org', '--role', 'member')
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('not shown again') })
  expect(made.stdout).toMatch(/^https:\/\/board\.lab\.org\/join\?token=[\w-]{43}\n$/)
  await accept(made.stdout, 'Ben')
  expect(await roles()).toEqual(['Ana admin', 'Ben member'])
  const list = (await people()).stdout
  expect(list).toMatch(
    /^ana@lab.org +Ana +admin +signed out\nben@lab.org +Ben +member +signed out\n$/,
  )
})

test('a locked-out admin gets in again by a link to a new password', async () => {
  const { db } = here.board
  const link = JSON.parse((await people('--reset', 'ANA@lab.org', '--json')).stdout) as {
    link: string
  }
  expect(await accept(link.link, 'Eve')).toMatchObject({ name: 'Ana', role: 'admin' })
  const from = { headers: new Headers(), address: '192.0.2.1' }
  const signedIn = await accounts().signIn({ email: 'ana@lab.org', password: PASSWORD }, from)
  expect(signedIn).toHaveProperty('cookies')
  expect((await people()).stdout).toMatch(/Ana +admin +active \d{4}/)
  expect((await people('--sign-out', 'ana@lab.org')).stderr).toContain('Browsers: 1.')
  expect(await listPeople(db)).toMatchObject([{ sessions: 0 }, { sessions: 0 }])
})

test('a role changes, and a person is removed, but not the last admin', async () => {
  expect((await people('--change', 'ben@lab.org', '--role', 'viewer')).stderr).toContain(
    'Ben has the role viewer now.',
  )
  for (const words of [['--remove'], ['--change']]) {
    const refused = await people(...words, 'ana@lab.org')
    expect(refused).toMatchObject({ stderr: expect.stringContaining('Ana is the last admin.') })
    expect(refused.code).not.toBe(0)
  }
  expect((await people('--remove', 'ben@lab.org')).code).toBe(0)
  expect(await roles()).toEqual(['Ana admin'])
  expect((await people('--remove', 'ben@lab.org')).stderr).toContain('Nobody has the account')
  expect((await people('--remove', 'a', '--reset', 'b')).stderr).toContain('not both')
})

test('the audit has each change with the user of the machine, also those that were refused', async () => {
  const entries = await listAudit(here.board.db, { limit: 100 })
  const own = entries.filter(({ caller }) => caller === 'command')
  expect(own.map(({ procedure, outcome }) => `${procedure} ${outcome}`).reverse()).toEqual([
    ...['people.invite done', 'people.resetPassword done', 'people.endSessions done'],
    ...['people.changeRole done', 'people.remove BAD_REQUEST', 'people.changeRole BAD_REQUEST'],
    'people.remove done',
  ])
  expect(own[0]?.name).toBeTruthy()
  expect((await command(['audit'], { env: here.env })).stdout).toMatch(/command \w+ +people.remove/)
})
