import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { ErrorReporter } from './errorReporter.ts'

/** A failed query, as drizzle throws it: with the query and its values. */
const failed = (cause: unknown) => {
  const query = { query: 'insert into points …', params: [] }
  return Object.assign(new Error('Failed query: insert into points …', { cause }), query)
}
const closed = Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' })

test('a lost database is reported once, and once more when it is back', async () => {
  const printed: string[] = []
  const troubles = new ErrorReporter((line) => printed.push(line))
  troubles.databaseAnswered()
  for (let round = 0; round < 2; round++) {
    troubles.report(failed(closed))
    troubles.report(closed)
    troubles.databaseAnswered()
    troubles.databaseAnswered()
  }
  const [away, back] = [
    "Cannot reach the database (write CONNECTION_CLOSED). Nothing is lost: when it is back, recording continues from the runs' files.",
    'The database is back. Recording continues.',
  ]
  expect(printed).toEqual([away, back, away, back])
})

test('a server whose socket is missing counts as unreachable', async () => {
  await using folder = await temporaryFolder()
  const printed: string[] = []
  const troubles = new ErrorReporter((line) => printed.push(line))
  const socket = connect(join(folder.path, 'none'))
  troubles.report(failed(await new Promise((resolve) => socket.once('error', resolve))))
  expect(printed).toMatchObject([
    expect.stringContaining('Cannot reach the database (connect ENOENT'),
  ])
})

test('any other error is reported once per cause and subject', () => {
  const printed: string[] = []
  const troubles = new ErrorReporter((line) => printed.push(line))
  troubles.report(failed(new Error('no room')))
  troubles.report(failed(new Error('no room')))
  troubles.reportFor('moby', new Error('no room'))
  expect(printed).toEqual(['no room', 'moby: no room'])
})
