import { randomUUID } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  databaseFailure,
  fullDisks,
  jobLogs,
  migrate,
  openDatabase,
  registerJob,
  recordHostAlive,
  stopEmbedded,
  type Database,
} from '@bestmark/db'
import { testDatabase } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { errorText } from '../failure.ts'
import { smallDisk } from '../recipes/testing.ts'
import { FullDisks } from './fullDisks.ts'

const WHY = 'only a user who may mount a small file system can fill one'
const NAMED = { name: 'full', project: 'tests', source: 'journal.jsonl', host: 'tower' }

async function registered(db: Database, host_id: string, root: string): Promise<string> {
  const job_id = randomUUID()
  await recordHostAlive(db, { host_id, hostname: 'tower' })
  await registerJob(db, { job_id, host_id, root, ...NAMED, status: 'running' })
  return job_id
}

test('the board knows which disk of which host is full, since when, and when it has space again', async ({
  skip,
}) => {
  using disk = smallDisk()
  if (!disk) return skip(WHY)
  await using db = await testDatabase()
  const host_id = randomUUID()
  const root = join(disk.path, 'run')
  mkdirSync(root)
  const job_id = await registered(db, host_id, root)
  const ballast = join(disk.path, 'ballast')
  const before = Date.now()
  expect(() => writeFileSync(ballast, new Uint8Array(1 << 17))).toThrow('ENOSPC')

  const disks = new FullDisks(db, host_id)
  await disks.look()
  await disks.look()
  const [full, ...others] = await fullDisks(db, host_id)
  expect(full).toMatchObject({ host: 'tower', mount: disk.path, over_at: null })
  expect(full?.holds_database).toBe(false)
  expect(full?.full_since).toBeGreaterThanOrEqual(before)
  expect(others).toEqual([])

  rmSync(ballast)
  rmSync(root, { recursive: true })
  // A new agent knows the reports of the agent before it.
  const next = new FullDisks(db, host_id)
  await next.look()
  await next.look()
  const [over] = await fullDisks(db)
  expect(over).toMatchObject({ mount: disk.path, full_since: full?.full_since })
  expect(over?.over_at).toBeGreaterThanOrEqual(full?.full_since ?? Infinity)
  const lines = await jobLogs(db, job_id)
  expect(lines.map(({ text }) => text)).toEqual([
    `The disk of ${root} is full. Nothing is saved there until space is free.`,
  ])
})

test('a run logs that its disk has free space again, and disks of other hosts do not change', async ({
  skip,
}) => {
  using disk = smallDisk()
  if (!disk) return skip(WHY)
  await using db = await testDatabase()
  const [host_id, other] = [randomUUID(), randomUUID()]
  const job_id = await registered(db, host_id, disk.path)
  const ballast = join(disk.path, 'ballast')
  expect(() => writeFileSync(ballast, new Uint8Array(1 << 17))).toThrow('ENOSPC')
  const disks = new FullDisks(db, host_id)
  await disks.look()
  rmSync(ballast)
  await new FullDisks(db, other).look()
  expect((await fullDisks(db, host_id))[0]?.over_at).toBeNull()
  await disks.look()
  expect((await jobLogs(db, job_id)).map(({ text }) => text)[1]).toBe(
    `The disk of ${disk.path} has free space again.`,
  )
})

test(
  'a full disk of the database is reported when it has space again, without the error of Postgres',
  { timeout: 120_000 },
  async ({ skip }) => {
    using disk = smallDisk('120m')
    if (!disk) return skip(WHY)
    const home = disk.path
    await using things = new AsyncDisposableStack()
    const db = await openDatabase({ home })
    things.defer(async () => {
      await db.close()
      await stopEmbedded(home)
    })
    await migrate(db)
    const host_id = randomUUID()
    const ballast = join(home, 'ballast')
    const { bavail, bsize } = statfsSync(home)
    execFileSync('fallocate', ['-l', String(bavail * bsize), ballast])
    const before = Date.now()
    const filling = (async () => {
      await db.sql`create table much (text text)`
      for (;;)
        await db.sql`insert into much select repeat(md5(random()::text), 999) from generate_series(1, 999)`
    })()
    const error = await filling.catch((error: unknown) => error)
    expect(databaseFailure(error)).toBe('full')
    expect(errorText(error)).toBe('the disk that holds the database is full')

    const disks = new FullDisks(db, host_id)
    await disks.look().catch(() => undefined)
    rmSync(ballast)
    await db.sql`drop table if exists much`.catch(() => undefined)
    await disks.look()
    const [over] = await fullDisks(db, host_id)
    expect(over).toMatchObject({ mount: home, holds_database: true })
    expect(over?.full_since).toBeGreaterThanOrEqual(before)
    expect(over?.over_at).toBeGreaterThanOrEqual(over?.full_since ?? Infinity)
  },
)
