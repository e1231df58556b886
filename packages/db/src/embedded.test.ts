import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boardId } from './board.ts'
import { type Database, openDatabase } from './client.ts'
import { spawnAs } from './embedded/account.ts'
import { copiedBinaries, findBinaries } from './embedded/binaries.ts'
import { MAJOR, type Place, placeIn } from './embedded/place.ts'
import { livesIn, postmasterPid } from './embedded/server.ts'
import { placeOf } from './embedded/start.ts'
import { stopEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'
import { readSeries } from './series.ts'
import { metrics, newJob, tell } from './testRun.ts'
import { DatabaseUnavailable } from './unavailable.ts'

const isRoot = process.getuid?.() === 0

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

/** Another process that opens the board of a data folder and says so, then waits to be let go. */
class Guest {
  readonly child: ChildProcess
  readonly said: Promise<string>

  constructor(home: string, options: SpawnOptions = {}) {
    const module = (name: string) => JSON.stringify(join(import.meta.dirname, name))
    const code = `
      import { openDatabase } from ${module('client.ts')}
      import { migrate } from ${module('migrate.ts')}
      import { boardId } from ${module('board.ts')}
      try {
        const db = await openDatabase({ home: ${JSON.stringify(home)} })
        await migrate(db)
        console.log(await boardId(db), db.describe)
        process.stdin.on('end', () => db.close()).resume()
      } catch (error) {
        console.log(error.name + ': ' + error.message)
      }`
    const node = ['--input-type=module', '-e', code]
    const stdio: SpawnOptions['stdio'] = ['pipe', 'pipe', 'inherit']
    this.child = spawn(process.execPath, node, { cwd: '/', ...options, stdio })
    this.said = once(this.child.stdout ?? this.child, 'data').then(([text]) => String(text).trim())
  }

  async leave(): Promise<void> {
    this.child.stdin?.end()
    if (this.child.exitCode === null && this.child.signalCode === null)
      await once(this.child, 'exit')
  }
}

async function serverOf(home: string): Promise<{ place: Place; pid: number }> {
  const place = await placeOf(home)
  const pid = await postmasterPid(place)
  if (pid === undefined) throw new Error('the server runs')
  return { place, pid }
}

async function opened(home: string): Promise<Database> {
  const db = await openDatabase({ home })
  await migrate(db)
  return db
}

test('three processes that start at once on an empty folder share one server and one board', async () => {
  const home = newHome('three')
  const guests = [new Guest(home), new Guest(home), new Guest(home)]
  const said = await Promise.all(guests.map((guest) => guest.said))
  expect(new Set(said).size).toBe(1)
  expect(said[0]).toMatch(/^[0-9a-f-]{36} embedded Postgres 18\.\d+ in .*three$/)
  const log = await readFile(join(home, 'postgres.log'), 'utf8')
  expect(log.match(/ready to accept connections/g)).toHaveLength(1)
  await Promise.all(guests.map((guest) => guest.leave()))
})

test('the last process stops the server, and the next one finds everything again', async () => {
  const home = newHome('last')
  const db = await opened(home)
  const id = await boardId(db)
  const guest = new Guest(home)
  await guest.said
  await db.close()
  const { place } = await serverOf(home)
  expect(await stopEmbedded(home)).toBe(false)
  expect(await livesIn(place)).toBe(true)
  await guest.leave()
  expect(await stopEmbedded(home)).toBe(true)
  expect(await livesIn(place)).toBe(false)
  expect(await stopEmbedded(home)).toBe(true)
  const again = await opened(home)
  expect(await boardId(again)).toBe(id)
  await again.close()
})

test('a server that was killed lost nothing that was acknowledged, and open databases go on', async () => {
  const home = newHome('killed')
  const db = await opened(home)
  const job_id = await newJob(db)
  for (let round = 0; round < 3; round++) {
    let acknowledged = round * 1_000
    const writing = (async () => {
      for (;;) {
        await tell(db, job_id, metrics(acknowledged, { loss: acknowledged }))
        acknowledged++
      }
    })()
    while (acknowledged < round * 1_000 + 20) await pause(1)
    const { pid, place } = await serverOf(home)
    process.kill(pid, 'SIGKILL')
    await expect(writing).rejects.toThrow()
    const [loss] = await untilAnswered(() =>
      readSeries(db, job_id, { names: ['loss'], points: 9_999 }),
    )
    const steps = [...(loss?.steps ?? [])].filter((step) => step >= round * 1_000)
    // One more may have been committed whose acknowledgement the kill cut off.
    expect([acknowledged, acknowledged + 1]).toContain(round * 1_000 + steps.length)
    expect((await serverOf(home)).pid).not.toBe(pid)
    expect(place.home).toBe(home)
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

test('locks that name a process which is alive but no server are removed', async () => {
  const home = newHome('locks')
  await (await opened(home)).close()
  await stopEmbedded(home)
  const place = placeIn(home)
  const lock = `${process.pid}\n${place.data}\n1700000000\n5432\n${place.socketFolder}\n\n`
  await writeFile(join(place.data, 'postmaster.pid'), lock, { mode: 0o600 })
  await writeFile(`${place.socket}.lock`, lock, { mode: 0o600 })
  const db = await opened(home)
  expect((await serverOf(home)).pid).not.toBe(process.pid)
  await db.close()
})

test('a server whose starter was killed is used by the next process', async () => {
  const home = newHome('orphan')
  const guest = new Guest(home)
  await guest.said
  const { pid } = await serverOf(home)
  guest.child.kill('SIGKILL')
  await once(guest.child, 'exit')
  const db = await opened(home)
  expect((await serverOf(home)).pid).toBe(pid)
  await db.close()
  expect(await stopEmbedded(home)).toBe(true)
})

test('a Ctrl-C in the terminal does not reach the server', async () => {
  const home = newHome('signals')
  const guest = new Guest(home, { detached: true })
  await guest.said
  const { place } = await serverOf(home)
  process.kill(-(guest.child.pid ?? 0), 'SIGINT')
  await once(guest.child, 'exit')
  expect(await livesIn(place)).toBe(true)
  const db = await opened(home)
  await db.close()
})

test('a data folder with a long path has its socket in a short one of its own', async () => {
  const home = newHome(`${'long'.repeat(20)}/${'longer'.repeat(20)}`)
  const db = await opened(home)
  const { socketFolder, socket } = await placeOf(home)
  expect(Buffer.byteLength(socket)).toBeLessThan(107)
  expect((await stat(socketFolder)).mode & 0o777).toBe(0o700)
  await db.close()
  await stopEmbedded(home)
  await rm(socketFolder, { recursive: true })
})

test('a socket folder that somebody else prepared is not used', async () => {
  const home = newHome(`${'other'.repeat(20)}/${'others'.repeat(20)}`)
  const { socketFolder } = placeIn(home)
  await mkdir(socketFolder, { mode: 0o755 })
  await expect(openDatabase({ home })).rejects.toThrow(
    `${socketFolder} is not a folder of this user`,
  )
  await rm(socketFolder, { recursive: true })
  await symlink(folder, socketFolder)
  await expect(openDatabase({ home })).rejects.toThrow(DatabaseUnavailable)
  await rm(socketFolder)
})

test('the server is durable, small, has no network and knows UTF-8 wherever it is started', async () => {
  const home = newHome('settings')
  const { LANG: _lang, LC_ALL: _all, ...env } = process.env
  const guest = new Guest(home, {
    env: { ...env, PGDATA: '/nowhere', PGPORT: '1', LD_LIBRARY_PATH: '/' },
  })
  await guest.said
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
  const { place } = await serverOf(home)
  for (const path of [place.data, place.socketFolder]) {
    expect((await stat(path)).mode & 0o077).toBe(0)
  }
  await db.close()
  await guest.leave()
})

test('a server that cannot start says why, and where its log is', async () => {
  const home = newHome('broken')
  await (await opened(home)).close()
  await stopEmbedded(home)
  await rm(join(placeIn(home).data, 'global/pg_control'))
  const opening = openDatabase({ home })
  await expect(opening).rejects.toThrow(DatabaseUnavailable)
  await expect(opening).rejects.toThrow(/did not start: .*pg_control.*postgres\.log/)
})

test('binaries are copied once where they may not be completed in place', async () => {
  const home = newHome('copied')
  await mkdir(home)
  const found = await findBinaries()
  expect(found.version.split('.')[0]).toBe(String(MAJOR))
  const copies = await Promise.all([copiedBinaries(found, home), copiedBinaries(found, home)])
  expect(copies[0]).toEqual(copies[1])
  const program = join(copies[0].folder, 'bin', 'postgres')
  const child = spawnAs({ kind: 'own' }, program, ['--version'], { stdio: 'ignore' })
  expect(await once(child, 'exit')).toEqual([0, null])
})

test.runIf(isRoot)('root runs it below a home that is closed to everybody else', async () => {
  const closed = join(folder, 'closed')
  await mkdir(closed, { mode: 0o700 })
  const home = newHome('closed/board')
  const db = await opened(home)
  expect((await stat(placeIn(home).data)).uid).toBe(0)
  await db.close()
})

test.runIf(isRoot)('a user without a name runs it', async () => {
  const home = newHome('nameless')
  await mkdir(home)
  await chown(home, 54_321, 54_321)
  const guest = new Guest(home, { uid: 54_321, gid: 54_321, env: { PATH: process.env['PATH'] } })
  expect(await guest.said).toContain('embedded Postgres')
  expect((await stat(placeIn(home).data)).uid).toBe(54_321)
  await guest.leave()
})

// A path without `unshare` is a machine that forbids user namespaces, as containers do.
const WITHOUT_NAMESPACES = { env: { PATH: '/nonexistent' } }

test.runIf(isRoot)(
  'without user namespaces root runs it as another user, in the data folder',
  async () => {
    const home = newHome('lowered')
    const guest = new Guest(home, WITHOUT_NAMESPACES)
    expect(await guest.said).toMatch(/embedded Postgres .*lowered$/)
    expect((await stat(placeIn(home).data)).uid).not.toBe(0)
    expect((await stat(home)).mode & 0o777).toBe(0o711)
    await guest.leave()
    await stopEmbedded(home)
    const db = await opened(home)
    expect((await stat(placeIn(home).data)).uid).not.toBe(0)
    await db.close()
  },
)

test.runIf(isRoot)(
  'where that user cannot come, the files lie elsewhere and the board says so',
  async () => {
    const home = newHome('closed/elsewhere')
    const guest = new Guest(home, WITHOUT_NAMESPACES)
    const said = await guest.said
    const place = await placeOf(home)
    expect(said).toContain(`in ${place.home}`)
    expect(place.home).toMatch(/^\/var\/lib\/bestmark\//)
    const db = await opened(home)
    expect(said).toContain(await boardId(db))
    await db.close()
    await guest.leave()
    expect(await stopEmbedded(home)).toBe(true)
    await rm(place.home, { recursive: true })
  },
)

test.runIf(isRoot)(
  'a data folder that belongs to somebody else is refused in one sentence',
  async () => {
    const home = newHome('closed/theirs')
    await mkdir(home, { mode: 0o700 })
    const guest = new Guest(home, { uid: 65_534, gid: 65_534 })
    expect(await guest.said).toMatch(
      /^HomeUnusable: The data folder .* cannot be used: .*BESTMARK_HOME/,
    )
    await guest.leave()
  },
)
