import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BoardAccess, sameSecret } from './boardAccess.ts'
import { MOST_SESSIONS, SESSION_ENDS } from './sessions.ts'

let home: string
let door: BoardAccess
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bestmark-door-'))
  door = new BoardAccess(home)
})
afterEach(() => rm(home, { recursive: true }))

const sessionFiles = async () => {
  const names = await readdir(join(home, 'sessions')).catch(() => [])
  return names.map((name) => join(home, 'sessions', name))
}

test('the whole secret is compared, and an empty one never matches', () => {
  expect(sameSecret('abc', 'abc')).toBe(true)
  expect(sameSecret('abcd', 'abc')).toBe(false)
  expect(sameSecret('', '')).toBe(false)
  expect(sameSecret(null, 'abc')).toBe(false)
})

test('a session has its own secret, which is in no file and cannot be derived from the token', async () => {
  const token = await door.token()
  const [one, two] = [await door.openSession(), await door.openSession()]
  expect(new Set([token, one, two]).size).toBe(3)
  expect([await door.hasSession(one), await door.hasSession(two)]).toEqual([true, true])
  for (const path of await sessionFiles()) {
    const whole = path + (await readFile(path, 'utf8'))
    for (const secret of [token, one, two]) expect(whole).not.toContain(secret)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  }
  expect((await stat(join(home, 'sessions'))).mode & 0o777).toBe(0o700)
})

test('an invalid session gives no access', async () => {
  const session = await door.openSession()
  await writeFile(join(home, 'sessions', 'half'), '{"seal"')
  const others = [undefined, '', session.slice(1), `${session}x`, '../../token', 'half']
  for (const other of [...others, await door.token()])
    expect(await door.hasSession(other)).toBe(false)
  expect(await door.hasSession(session)).toBe(true)
})

test('a session ends when it is long unused, or after a year in any case', async () => {
  const [unused, old] = [await door.openSession(), await door.openSession()]
  const [first = '', second = ''] = await sessionFiles()
  const past = (Date.now() - SESSION_ENDS.unused - 60_000) / 1000
  await utimes(first, past, past)
  const whole = JSON.parse(await readFile(second, 'utf8'))
  const opened_at = Date.now() - SESSION_ENDS.after - 1
  await writeFile(second, JSON.stringify({ ...whole, opened_at }))
  expect([await door.hasSession(unused), await door.hasSession(old)]).toEqual([false, false])
  const fresh = await door.openSession()
  expect(await sessionFiles()).toHaveLength(1)
  expect(await door.hasSession(fresh)).toBe(true)
})

test('the use of a session is recorded at most once per minute', async () => {
  const session = await door.openSession()
  const [path = ''] = await sessionFiles()
  const earlier = (Date.now() - 120_000) / 1000
  await utimes(path, earlier, earlier)
  await door.hasSession(session)
  expect((await stat(path)).mtimeMs).toBeGreaterThan(Date.now() - 60_000)
})

test('a new token ends the old link, every session and the old host name in one step', async () => {
  const [token, name, cookie] = [await door.token(), await door.name(), await door.cookie()]
  const session = await door.openSession()
  // Another process serves the board meanwhile, and a killed process left its sessions.
  const [path = ''] = await sessionFiles()
  const left = await readFile(path, 'utf8')
  expect(await new BoardAccess(home).renew()).toBe(1)
  await mkdir(join(home, 'sessions'))
  await writeFile(path, left)
  expect(await door.isToken(token)).toBe(false)
  expect(await door.hasSession(session)).toBe(false)
  expect([await door.name(), await door.cookie()]).not.toEqual([name, cookie])
  expect(await door.isToken(await door.token())).toBe(true)
  expect((await stat(join(home, 'token'))).mode & 0o777).toBe(0o600)
})

test('a server is notified of a new token, but not of its first creation or a read', async () => {
  const answers: (string | undefined)[] = []
  let now: string | undefined
  const turned = Promise.withResolvers<void>()
  const end = door.onRenewed(() => {
    answers.push(now)
    turned.resolve()
  })
  now = await door.token()
  // The token's file is checked every second.
  for (let count = 0; count < 25; count++) {
    await pause(100)
    await door.token()
  }
  await new BoardAccess(home).renew()
  now = 'renewed'
  await turned.promise
  end()
  expect(answers).toEqual(['renewed'])
})

test('if there are too many sessions, the one that was unused for longest ends', async () => {
  const first = await door.openSession()
  const [path = ''] = await sessionFiles()
  await utimes(path, 1, Date.now() / 1000 - 3_600)
  for (let count = 0; count < MOST_SESSIONS; count++) await door.openSession()
  expect(await sessionFiles()).toHaveLength(MOST_SESSIONS)
  expect(await door.hasSession(first)).toBe(false)
})

test('if there are too many sessions, never used ones end before used ones', async () => {
  const reader = await door.openSession()
  expect(await door.hasSession(reader)).toBe(true)
  for (let count = 0; count < 2 * MOST_SESSIONS; count++) await door.openSession()
  expect(await sessionFiles()).toHaveLength(MOST_SESSIONS)
  expect(await door.hasSession(reader)).toBe(true)
})

test('a session that cannot be written is kept until the process ends, under the same rules', async () => {
  await writeFile(join(home, 'sessions'), 'in its place')
  const [reader, other] = [await door.openSession(), await door.openSession()]
  expect([await door.hasSession(reader), await door.hasSession(`${reader.slice(1)}x`)]).toEqual([
    true,
    false,
  ])
  expect(await new BoardAccess(home).hasSession(reader)).toBe(false)
  for (let count = 0; count < MOST_SESSIONS; count++) await door.openSession()
  expect([await door.hasSession(reader), await door.hasSession(other)]).toEqual([true, false])
  await rm(join(home, 'sessions'))
  const written = await door.openSession()
  expect([await door.hasSession(reader), await door.hasSession(written)]).toEqual([true, true])
  await new BoardAccess(home).renew()
  expect([await door.hasSession(reader), await door.hasSession(written)]).toEqual([false, false])
})

test('a session works on a full disk, and leaves no incomplete file', async () => {
  await door.token()
  const folder = join(home, 'sessions')
  await mkdir(folder)
  // If this user cannot make a small disk, the test above checks the same with a folder.
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', folder]).status !== 0) return
  try {
    await writeFile(join(folder, 'full'), Buffer.alloc(4096))
    const reader = await door.openSession()
    expect(await door.hasSession(reader)).toBe(true)
    expect(await readdir(folder)).toEqual(['full'])
  } finally {
    execFileSync('umount', [folder])
  }
})

test("the link uses the board's name where browsers can find it, otherwise the address", async () => {
  const name = await door.name()
  expect(name).toMatch(/^bestmark-[0-9a-f]{16}\.localhost$/)
  expect(name).not.toContain((await door.token()).slice(0, 8))
  const token = await door.token()
  const link = (host: string) => door.link({ host, port: 4173 })
  for (const host of ['127.0.0.1', '::1', 'localhost']) {
    expect(await link(host)).toBe(`http://${name}:4173/?token=${token}`)
  }
  expect(await link('127.0.0.2')).toBe(`http://127.0.0.2:4173/?token=${token}`)
})
