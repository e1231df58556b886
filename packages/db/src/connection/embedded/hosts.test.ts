import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../openDatabase.ts'
import { stopEmbedded } from './embedded.ts'
import { makeEmptyBoard } from './testFiles.ts'
import { serverPathsIn } from './serverPaths.ts'
import { isServerAlive, postmasterPid } from './server.ts'
import { Guest } from './testGuest.ts'
import { hostNote } from './hostNote.ts'
import { type Machine, thisMachine } from '../machine.ts'

const ANNA: Machine = {
  hostname: 'anna',
  machine_id: 'a1',
  boot_id: 'first',
  pid_namespace: 'pid:[4026531836]',
}
const BERT: Machine = { ...ANNA, hostname: 'bert', machine_id: 'b2', boot_id: 'other' }

/** The processes of such a command see no other processes and no sockets, as on another machine. */
const APART = ['unshare', '--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child']
const mayPart = spawnSync(APART[0]!, [...APART.slice(1), 'true']).status === 0
const mayLock = spawnSync('flock', ['--version']).status === 0
const why = mayPart ? '' : ' (skipped: it takes root)'

let folder: string
const homes: string[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-hosts-'))
})
afterAll(async () => {
  for (const home of homes) {
    await rm(hostNote(home), { force: true })
    await stopEmbedded(home)
  }
  await rm(folder, { recursive: true })
})

async function newHome(name: string): Promise<string> {
  const home = join(folder, name)
  await makeEmptyBoard(home)
  homes.push(home)
  return home
}

/** Kills the server and all of its helpers, as a power loss does. */
async function cutPower(home: string): Promise<void> {
  const paths = serverPathsIn(home)
  const pid = await postmasterPid(paths)
  if (pid === undefined) throw new Error('the server runs')
  process.kill(pid, 'SIGKILL')
  while (await isServerAlive(paths)) await pause(10)
}

/** A guest in a separate container, with an empty folder of sockets. */
function guestApart(home: string, machine?: Machine): Guest {
  const { socketFolder } = serverPathsIn(home)
  const hidden = `mkdir -p -m 700 ${socketFolder} && mount -t tmpfs -o mode=700 none ${socketFolder} && exec "$@"`
  const prefix = [...APART, '/bin/sh', '-c', hidden, 'sh']
  return new Guest(home, { prefix, ...(machine && { machine }) })
}

const REFUSED =
  /^DatabaseUnavailable: The machine anna runs the database in .*DATABASE_URL.*no longer exists.*delete .*postgres-host\.json\.$/

test('after a power loss the machine starts its server again; another machine is refused until then', async () => {
  const home = await newHome('power')
  const first = new Guest(home, { machine: ANNA })
  expect(await first.output).toContain('embedded Postgres')
  first.child.kill('SIGKILL')
  await cutPower(home)
  const lock = join(serverPathsIn(home).data, 'postmaster.pid')
  const before = await readFile(lock, 'utf8')

  const other = new Guest(home, { machine: BERT })
  expect(await other.output).toMatch(REFUSED)
  await other.leave()
  expect(await readFile(lock, 'utf8')).toBe(before)

  const again = new Guest(home, { machine: { ...ANNA, boot_id: 'second' } })
  expect(await again.output).toBe(await first.output)
  await again.leave()
})

test('an unreadable host note counts as that of another machine', async () => {
  const home = await newHome('unreadable')
  await writeFile(hostNote(home), '{"hostname":')
  await expect(openDatabase({ home })).rejects.toThrow(/DATABASE_URL/)
})

test('a server without a host note, as of older versions, gets one from the next process', async () => {
  const home = await newHome('older')
  const db = await openDatabase({ home })
  await rm(hostNote(home))
  await (await openDatabase({ home })).close()
  expect(existsSync(hostNote(home))).toBe(true)
  await db.close()
})

test('after a machine stopped its server, any other machine may use the files', async () => {
  const home = await newHome('stopped')
  const db = await openDatabase({ home, machine: ANNA })
  expect(existsSync(hostNote(home))).toBe(true)
  await db.close()
  expect(await stopEmbedded(home, ANNA)).toBe(true)
  expect(existsSync(hostNote(home))).toBe(false)
  const guest = new Guest(home, { machine: BERT })
  expect(await guest.output).toContain('embedded Postgres')
  await guest.leave()
  await stopEmbedded(home, BERT)
})

test.runIf(mayPart)(
  `another machine does not touch a live server and its files${why}`,
  async () => {
    const home = await newHome('live')
    const db = await openDatabase({ home, machine: ANNA })
    const lock = join(serverPathsIn(home).data, 'postmaster.pid')
    const before = await readFile(lock, 'utf8')
    const other = guestApart(home, BERT)
    expect(await other.output).toMatch(REFUSED)
    await other.leave()
    expect(await readFile(lock, 'utf8')).toBe(before)
    expect(await db.sql`select 1 as one`).toEqual([{ one: 1 }])
    await db.close()
    await stopEmbedded(home, ANNA)
  },
)

test.runIf(mayPart && mayLock)(
  `another container of the machine does not touch a live server, and replaces a killed one${why}`,
  { timeout: 120_000 },
  async () => {
    const home = await newHome('beside')
    const first = guestApart(home)
    expect(await first.output).toContain('embedded Postgres')
    const other = guestApart(home)
    expect(await other.output).toMatch(
      /^DatabaseUnavailable: Another container of this machine.*DATABASE_URL/,
    )
    await other.leave()
    first.child.kill('SIGKILL')
    while (await isServerAlive(serverPathsIn(home))) await pause(10)
    const next = guestApart(home)
    expect(await next.output).toBe(await first.output)
    await next.leave()
    expect(thisMachine().boot_id).toBe(
      (JSON.parse(await readFile(hostNote(home), 'utf8')) as Machine).boot_id,
    )
  },
)
