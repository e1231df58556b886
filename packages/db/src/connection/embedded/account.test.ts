import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readdir, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boardId } from '../../rows/board.ts'
import type { Database } from '../client.ts'
import { openDatabase } from '../openDatabase.ts'
import { stopEmbedded } from './embedded.ts'
import { migrate } from '../migrate.ts'
import { spawnAs } from './account.ts'
import { copiedBinaries, findBinaries } from './binaries.ts'
import { MAJOR, serverPathsIn } from './serverPaths.ts'
import { findServerPaths } from './start.ts'
import { Guest } from './testGuest.ts'

const isRoot = process.getuid?.() === 0
const nobody = { uid: 65_534, gid: 65_534 }
const isOpen = isRoot && spawnSync(process.execPath, ['--version'], nobody).status === 0
const rootOnly = isRoot ? '' : ' (skipped: it takes root)'
const why = isRoot && !isOpen ? ' (skipped: only root can reach the folder of Node)' : rootOnly

let folder: string
const homes: string[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-account-'))
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'closed'), { mode: 0o700 })
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

async function opened(home: string): Promise<Database> {
  const db = await openDatabase({ home })
  await migrate(db)
  return db
}

test('if the installed binaries cannot be completed, they are copied once', async () => {
  const home = newHome('copied')
  await mkdir(home)
  const found = await findBinaries()
  expect(found.version.split('.')[0]).toBe(String(MAJOR))
  const copies = await Promise.all([copiedBinaries(found, home), copiedBinaries(found, home)])
  expect(copies[0]).toEqual(copies[1])
  for (const entry of await readdir(copies[0].folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) continue
    expect(await readlink(join(entry.parentPath, entry.name))).not.toContain('/')
  }
  const program = join(copies[0].folder, 'bin', 'postgres')
  const child = spawnAs({ kind: 'own' }, program, ['--version'], { stdio: 'ignore' })
  expect(await once(child, 'exit')).toEqual([0, null])
})

test.runIf(isRoot)(
  `root runs the server below a home folder that nobody else may enter${rootOnly}`,
  async () => {
    const home = newHome('closed/board')
    const db = await opened(home)
    expect((await stat(serverPathsIn(home).data)).uid).toBe(0)
    await db.close()
  },
)

test.runIf(isOpen)(`a user without a name runs the server${why}`, async () => {
  const home = newHome('nameless')
  await mkdir(home)
  await chown(home, 54_321, 54_321)
  const guest = new Guest(home, { uid: 54_321, gid: 54_321, env: { PATH: process.env['PATH'] } })
  expect(await guest.output).toContain('embedded Postgres')
  expect((await stat(serverPathsIn(home).data)).uid).toBe(54_321)
  await guest.leave()
})

// A path without `unshare` is a machine that forbids user namespaces, as containers do.
const WITHOUT_NAMESPACES = { env: { PATH: '/nonexistent' } }

test.runIf(isRoot)(
  `without user namespaces root runs the server as another user, in the data folder${rootOnly}`,
  async () => {
    const home = newHome('lowered')
    const guest = new Guest(home, WITHOUT_NAMESPACES)
    expect(await guest.output).toMatch(/embedded Postgres .*lowered$/)
    expect((await stat(serverPathsIn(home).data)).uid).not.toBe(0)
    expect((await stat(home)).mode & 0o777).toBe(0o711)
    await guest.leave()
    await stopEmbedded(home)
    const db = await opened(home)
    expect((await stat(serverPathsIn(home).data)).uid).not.toBe(0)
    await db.close()
  },
)

test.runIf(isRoot)(
  `if that user cannot enter the data folder, the files are elsewhere and the board says so${rootOnly}`,
  async () => {
    const home = newHome('closed/elsewhere')
    const guest = new Guest(home, WITHOUT_NAMESPACES)
    const output = await guest.output
    const paths = await findServerPaths(home)
    expect(output).toContain(`in ${paths.home}`)
    expect(paths.home).toMatch(/^\/var\/lib\/bestmark\//)
    const db = await opened(home)
    expect(output).toContain(await boardId(db))
    await db.close()
    await guest.leave()
    expect(await stopEmbedded(home)).toBe(true)
    await rm(paths.home, { recursive: true })
  },
)

test.runIf(isOpen)(`a data folder of another user is refused with one sentence${why}`, async () => {
  const home = newHome('closed/theirs')
  await mkdir(home, { mode: 0o700 })
  const guest = new Guest(home, nobody)
  expect(await guest.output).toMatch(
    /^HomeUnusable: The data folder .* cannot be used: .*BESTMARK_HOME/,
  )
  await guest.leave()
})
