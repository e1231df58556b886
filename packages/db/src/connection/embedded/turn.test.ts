import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOptions } from '../address.ts'
import { stopEmbedded } from './embedded.ts'
import { makeEmptyBoard } from './testFiles.ts'
import { digestOf, type ServerPaths, serverPathsIn } from './serverPaths.ts'
import { addressOf, checkServer, postmasterPid } from './server.ts'
import { ensureServer } from './start.ts'
import { Guest } from './testGuest.ts'
import { takeTurn } from './turn.ts'
import { thisMachine } from '../machine.ts'

let folder: string
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'bestmark-turn-')))
})
afterAll(() => rm(folder, { recursive: true }))

const hasTurns = process.platform === 'linux'
const why = hasTurns ? '' : ' (skipped: only Linux has turns)'

test.runIf(hasTurns)(
  `the process that starts a server has the turn until the server answers${why}`,
  async () => {
    const home = join(folder, 'held')
    await makeEmptyBoard(home)
    for (let round = 0; round < 3; round++) {
      const serving = ensureServer(home, thisMachine())
      // It first checks whether a server answers. Then it gets the turn before those that wait.
      await untilTaken(home)
      {
        await using _turn = await takeTurn(digestOf(home))
        expect(await checkServer(serverPathsIn(home))).toBe('yes')
      }
      await serving
      await stopEmbedded(home)
    }
  },
)

/** Waits until a process has the turn. */
async function untilTaken(home: string): Promise<void> {
  for (;;) {
    const isTaken = await new Promise<boolean>((resolve) => {
      const socket = connect(`\0bestmark:${digestOf(home)}`)
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (isTaken) return
    await pause(1)
  }
}

test(
  'after a server was killed, exactly one of several processes starts it again',
  { timeout: 120_000 },
  async () => {
    const home = join(folder, 'killed')
    await makeEmptyBoard(home)
    const paths = serverPathsIn(home)
    const guests = Array.from({ length: 4 }, () => new Guest(home))
    await Promise.all(guests.map((guest) => guest.output))
    const kills = 5
    for (let kill = 0; kill < kills; kill++) {
      const before = await postmasterPid(paths)
      if (before === undefined) throw new Error('the server runs')
      process.kill(before, 'SIGKILL')
      while ((await presences(paths)) < guests.length) await pause(20)
      expect(await postmasterPid(paths)).not.toBe(before)
    }
    const log = await readFile(paths.log, 'utf8')
    expect(log.match(/ready to accept connections/g)).toHaveLength(1 + kills)
    expect(log).not.toMatch(/lock file .* (already exists|is empty|contains wrong PID)/)
    await Promise.all(guests.map((guest) => guest.leave()))
    expect(await stopEmbedded(home)).toBe(true)
  },
)

/** How many processes have joined the server. */
async function presences(paths: ServerPaths): Promise<number> {
  const sql = postgres({ ...clientOptions(addressOf(paths)), max: 1 })
  try {
    const joined = await sql`
      select from pg_stat_activity where application_name = 'bestmark presence'`
    return joined.length
  } catch {
    return 0
  } finally {
    await sql.end({ timeout: 0 })
  }
}
