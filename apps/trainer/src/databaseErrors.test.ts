import { join } from 'node:path'
import { testDatabase } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { command } from './commands/testing.ts'
import { databaseErrorText } from './databaseErrors.ts'
import { temporaryFolder } from './testing.ts'

/** A failed query, as the database reports it. Its own message repeats the query. */
function failedQuery(code: string, message: string): Error {
  const cause = Object.assign(new Error(message), { code, severity: 'FATAL' })
  return Object.assign(new Error('Failed query: select 1', { cause }), {
    query: 'select 1',
    params: [],
  })
}

test.each([
  ['57P03', 'the database system is in recovery mode', 'Cannot reach the database (the database'],
  ['CONNECTION_CLOSED', 'write CONNECTION_CLOSED', 'Cannot reach the database (write'],
  ['57014', 'canceling statement due to statement timeout', 'The database took too long (cancel'],
  [
    '25006',
    'cannot execute UPDATE in a read-only transaction',
    'The database is read-only (cannot',
  ],
  ['53100', 'could not extend file', 'Cannot write to the database (the disk'],
])('a query that fails with %s becomes a sentence with advice', (code, message, begin) => {
  const text = databaseErrorText(failedQuery(code, message))
  expect(text?.startsWith(begin)).toBe(true)
  expect(text).toMatch(/\. .*[Rr]un the command again/)
  expect(text).not.toMatch(/select|\n/)
})

test('an error of the program itself is none of the database', () => {
  expect(databaseErrorText(new TypeError('x is not a function'))).toBeUndefined()
  expect(databaseErrorText(failedQuery('42601', 'syntax error'))).toBeUndefined()
})

test('a command whose database fails prints that sentence, and no query', async () => {
  await using db = await testDatabase()
  await using home = await temporaryFolder()
  await db.sql.unsafe(
    `alter database ${db.sql.options.database} set default_transaction_read_only = on`,
  )
  const env = { BESTMARK_HOME: join(home.path, 'home'), DATABASE_URL: db.databaseUrl }
  const { code, stdout, stderr } = await command(['tokens', '--new', 'ci'], { env })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^bestmark: The database is read-only \(.+\)\. Run the command again.+\n$/)
})
