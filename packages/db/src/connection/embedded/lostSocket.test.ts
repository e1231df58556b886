import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { databaseAt } from '../client.ts'
import { joinEmbedded, stopEmbedded } from './embedded.ts'
import { findServerPaths } from './start.ts'
import { makeEmptyBoard } from './testFiles.ts'

test('a server whose socket was removed is replaced, with all that it acknowledged', async () => {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'bestmark-socket-')))
  await makeEmptyBoard(home)
  const first = await joinEmbedded(home)
  const before = databaseAt(first.address)
  await before.sql`create table kept as select 1 as one`
  const { socket } = await findServerPaths(home)
  await rm(socket)
  const second = await joinEmbedded(home)
  const after = databaseAt(second.address)
  expect(await after.sql`select one from kept`).toEqual([{ one: 1 }])
  await Promise.all([before.close(), after.close(), first.leave(), second.leave()])
  await stopEmbedded(home)
  await rm(home, { recursive: true })
})
