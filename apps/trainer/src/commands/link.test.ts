import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { BoardAccess } from '@bestmark/db'
import { expect, test } from 'vitest'
import { command } from './testing.ts'
import { temporaryFolder } from '../testing.ts'

test('only the link is printed to stdout; messages go to stderr', async () => {
  await using folder = await temporaryFolder()
  const home = join(folder.path, 'board')
  const door = new BoardAccess(home)
  const link = await door.link({ host: '127.0.0.1', port: 4555 })
  const ran = await command(['link'], { env: { BESTMARK_HOME: home, PORT: '4555', HOST: '' } })
  expect(ran).toMatchObject({ code: 0, stdout: `${link}\n` })
  expect(ran.stderr).toMatch(/^The board is not running\. Start it: bestmark up\n$/)
})

test('if the board is running, there is no message', async () => {
  await using folder = await temporaryFolder()
  const home = join(folder.path, 'board')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new BoardAccess(home).token()
  const env = { BESTMARK_HOME: home, PORT: String(port), HOST: '' }
  expect(await command(['link'], { env })).toMatchObject({ code: 0, stderr: '' })
  server.close()
})

test('a new link ends the old one, and the message counts the browsers that used it', async () => {
  await using folder = await temporaryFolder()
  const home = join(folder.path, 'board')
  const env = { BESTMARK_HOME: home, PORT: '4555', HOST: '' }
  const door = new BoardAccess(home)
  const [old, session] = [await door.token(), await door.openSession()]
  const { code, stdout, stderr } = await command(['link', '--new'], { env })
  expect([code, stdout]).toEqual([0, `${await door.link({ host: '127.0.0.1', port: 4555 })}\n`])
  expect(stderr).toContain('It had opened the board in 1 browser.')
  expect([await door.isToken(old), await door.hasSession(session)]).toEqual([false, false])
})

test('a data folder without a board has no link, and none is made', async () => {
  await using folder = await temporaryFolder()
  const home = join(folder.path, 'none')
  const { code, stderr } = await command(['link', '--new'], { env: { BESTMARK_HOME: home } })
  expect([code, stderr]).toEqual([
    2,
    `bestmark: The data folder ${home} has no link yet. Start the board first: bestmark up\n`,
  ])
})
