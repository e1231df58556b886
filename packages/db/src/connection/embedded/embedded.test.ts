import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boardId } from '../../rows/board.ts'
import type { Database } from '../client.ts'
import { openDatabase } from '../openDatabase.ts'
import { type ServerPaths, serverPathsIn } from './serverPaths.ts'
import { isServerAlive, postmasterPid } from './server.ts'
import { findServerPaths } from './start.ts'
import { Guest } from './testGuest.ts'
import { stopEmbedded } from './embedded.ts'
import { makeEmptyBoard } from './testFiles.ts'
import { migrate } from '../migrate.ts'
import { readSeries } from '../../series/series.ts'
import { metrics, newJob, recordEvents } from '../../testRun.ts'
import { DatabaseUnavailable } from '../unavailable.ts'

let folder: string
const homes: string[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-embedded-'))
  await chmod(folder, 0o755)
})
afterAll(async () => {
  for (const home of homes) await stopEmbedded(home)
  await rm(folder, { recursive: true })
})

function newHome(name: string): string {
  const home = join(folder, name)
  homes.push(home)
  return home
}

async function boardHome(name: string): Promise<string> {
  const home = newHome(name)
  await makeEmptyBoard(home)
  return home
}

async function serverOf(home: string): Promise<{ paths: ServerPaths; pid: number }> {
  const paths = await findServerPaths(home)
  const pid = await postmasterPid(paths)
  if (pid === undefined) throw new Error('the server runs')
  return { paths, pid }
}

async function opened(home: string): Promise<Database> {
  const db = await openDatabase({ home })
  await migrate(db)
  return db
}

test('three processes that start at once on an empty folder share one server and one board', async () => {
  const home = newHome('three')
  const guests = [new Guest(home), new Guest(home), new Guest(home)]
  const outputs = await Promise.all(guests.map((guest) => guest.output))
  expect(new Set(outputs).size).toBe(1)
  expect(outputs[0]).toMatch(/^[0-9a-f-]{36} embedded Postgres 18\.\d+ in .*three$/)
  const log = await readFile(join(home, 'postgres.log'), 'utf8')
  expect(log.match(/ready to accept connections/g)).toHaveLength(1)
  await Promise.all(guests.map((guest) => guest.leave()))
})

test('the last process stops the server, and the next one finds everything again', async () => {
  const home = await boardHome('last')
  const db = await opened(home)
  const id = await boardId(db)
  const guest = new Guest(home)
  await guest.output
  await db.close()
  const { paths } = await serverOf(home)
  expect(await stopEmbedded(home)).toBe(false)
  expect(await isServerAlive(paths)).toBe(true)
  await guest.leave()
  expect(await stopEmbedded(home)).toBe(true)
  expect(await isServerAlive(paths)).toBe(false)
  expect(await stopEmbedded(home)).toBe(true)
  const again = await opened(home)
  expect(await boardId(again)).toBe(id)
  await again.close()
})

test('a process that closed the board does not count, so the last one stops the server at once', async () => {
  const home = await boardHome('left')
  for (let round = 0; round < 3; round++) {
    const [first, last] = [await openDatabase({ home }), await openDatabase({ home })]
    await first.close()
    expect(await stopEmbedded(home, undefined, 0)).toBe(false)
    await last.close()
    expect(await stopEmbedded(home, undefined, 0)).toBe(true)
  }
})

test('a killed server loses no acknowledged write, and open databases continue', async () => {
  const home = await boardHome('killed')
  const db = await opened(home)
  const job_id = await newJob(db)
  for (let round = 0; round < 3; round++) {
    let acknowledged = round * 1_000
    const writing = (async () => {
      for (;;) {
        await recordEvents(db, job_id, metrics(acknowledged, { loss: acknowledged }))
        acknowledged++
      }
    })()
    while (acknowledged < round * 1_000 + 20) await pause(1)
    const { pid, paths } = await serverOf(home)
    process.kill(pid, 'SIGKILL')
    await expect(writing).rejects.toThrow()
    const [loss] = await untilAnswered(() =>
      readSeries(db, job_id, { names: ['loss'], points: 9_999 }),
    )
    const steps = [...(loss?.steps ?? [])].filter((step) => step >= round * 1_000)
    // One more may be committed: the kill may have come before its acknowledgement.
    expect([acknowledged, acknowledged + 1]).toContain(round * 1_000 + steps.length)
    expect((await serverOf(home)).pid).not.toBe(pid)
    expect(paths.home).toBe(home)
  }
  await db.close()
})

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch {
      await pause(20)
    }
  }
}

test('a lock that names a running process is removed if that process is not the server', async () => {
  const home = await boardHome('locks')
  const paths = serverPathsIn(home)
  await mkdir(paths.socketFolder, { mode: 0o700 })
  // Postgres treats a lock of its own parent as stale, so another process must own it.
  const stranger = spawn('sleep', ['600'])
  const lock = `${stranger.pid}\n${paths.data}\n1700000000\n5432\n${paths.socketFolder}\n\n`
  await writeFile(join(paths.data, 'postmaster.pid'), lock, { mode: 0o600 })
  await writeFile(`${paths.socket}.lock`, lock, { mode: 0o600 })
  const db = await opened(home)
  expect((await serverOf(home)).pid).not.toBe(stranger.pid)
  stranger.kill()
  await db.close()
})

test('a server whose starter was killed is used by the next process', async () => {
  const home = await boardHome('orphan')
  const guest = new Guest(home)
  await guest.output
  const { pid } = await serverOf(home)
  guest.child.kill('SIGKILL')
  await once(guest.child, 'exit')
  const db = await opened(home)
  expect((await serverOf(home)).pid).toBe(pid)
  await db.close()
  expect(await stopEmbedded(home)).toBe(true)
})

test('a Ctrl-C in the terminal does not reach the server', async () => {
  const home = await boardHome('signals')
  const guest = new Guest(home, { detached: true })
  await guest.output
  const { paths } = await serverOf(home)
  process.kill(-(guest.child.pid ?? 0), 'SIGINT')
  await once(guest.child, 'exit')
  expect(await isServerAlive(paths)).toBe(true)
  const db = await opened(home)
  await db.close()
})

test('if the path of a data folder is long, its socket is in a separate folder with a short path', async () => {
  const home = await boardHome(`${'long'.repeat(20)}/${'longer'.repeat(20)}`)
  const db = await opened(home)
  const { socketFolder, socket } = await findServerPaths(home)
  expect(Buffer.byteLength(socket)).toBeLessThan(107)
  expect((await stat(socketFolder)).mode & 0o777).toBe(0o700)
  await db.close()
  await stopEmbedded(home)
  await rm(socketFolder, { recursive: true })
})

test('a socket folder of another user is not used', async () => {
  const home = newHome(`${'other'.repeat(20)}/${'others'.repeat(20)}`)
  const { socketFolder } = serverPathsIn(home)
  await mkdir(socketFolder, { mode: 0o755 })
  await expect(openDatabase({ home })).rejects.toThrow(
    `${socketFolder} is not a folder that only this user can open`,
  )
  await rm(socketFolder, { recursive: true })
  await symlink(folder, socketFolder)
  await expect(openDatabase({ home })).rejects.toThrow(DatabaseUnavailable)
  await rm(socketFolder)
})

test('the server is durable and small, has no network, and uses UTF-8 in any locale', async () => {
  const home = newHome('settings')
  const { LANG: _lang, LC_ALL: _all, ...env } = process.env
  const guest = new Guest(home, {
    env: { ...env, PGDATA: '/nowhere', PGPORT: '1', LD_LIBRARY_PATH: '/' },
  })
  await guest.output
  const db = await opened(home)
  const show = async (name: string) =>
    (await db.sql`select current_setting(${name}) as value`)[0]?.['value']
  expect(await show('fsync')).toBe('on')
  expect(await show('synchronous_commit')).toBe('on')
  expect(await show('full_page_writes')).toBe('on')
  expect(await show('max_wal_size')).toBe('128MB')
  expect(await show('listen_addresses')).toBe('')
  expect(await show('server_encoding')).toBe('UTF8')
  const [row] = await db.sql`select lower('ÄÖ') as lower, 'Ω' ~ '\\w' as word`
  expect(row).toEqual({ lower: 'äö', word: true })
  const { paths } = await serverOf(home)
  for (const path of [paths.data, paths.socketFolder]) {
    expect((await stat(path)).mode & 0o077).toBe(0)
  }
  await db.close()
  await guest.leave()
})

test('the error of a server that cannot start has the reason and the path of its log', async () => {
  const home = await boardHome('broken')
  await rm(join(serverPathsIn(home).data, 'global/pg_control'))
  const opening = openDatabase({ home })
  await expect(opening).rejects.toThrow(DatabaseUnavailable)
  await expect(opening).rejects.toThrow(/did not start: .*pg_control.*postgres\.log/)
})
