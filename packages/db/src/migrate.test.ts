import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { boardId, claimOnce, hosts, seeHost } from './board.ts'
import { connectTo, databaseOver } from './client.ts'
import { parseAddress } from './address.ts'
import { DatabaseNewer, migrate } from './migrate.ts'
import { testDatabase } from './testing.ts'

const MIGRATIONS = join(import.meta.dirname, 'migrations')

test('several processes that migrate at once all find it done', async () => {
  await using db = await testDatabase()
  await db.sql`drop schema public cascade`
  await db.sql`create schema public`
  const processes = Array.from({ length: 4 }, (_, index) =>
    databaseOver(connectTo(parseAddress(db.databaseUrl)), `process ${index}`),
  )
  await Promise.all(processes.map((one) => migrate(one)))
  const ids = await Promise.all(processes.map((one) => boardId(one)))
  expect(new Set(ids).size).toBe(1)
  await Promise.all(processes.map((one) => one.close()))
})

test('a database of a newer Bestmark is refused and left as it is', async () => {
  await using db = await testDatabase()
  await db.sql`insert into migrations values ('9999_from_the_future.sql', 0)`
  const migrating = migrate(db)
  await expect(migrating).rejects.toThrow(DatabaseNewer)
  await expect(migrating).rejects.toThrow('9999_from_the_future.sql')
})

test('a migration that fails takes back those before it', async () => {
  await using db = await testDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-migrations-'))
  await cp(MIGRATIONS, folder, { recursive: true })
  await writeFile(join(folder, '0900_good.sql'), 'create table good (a int);')
  await writeFile(join(folder, '0901_bad.sql'), 'create table bad (nonsense);')
  await expect(migrate(db, folder)).rejects.toThrow()
  const [row] = await db.sql`select to_regclass('good') as good`
  expect(row?.['good']).toBeNull()
  await rm(folder, { recursive: true })
})

test('the migrations make what the schema says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-migrations-'))
  await cp(MIGRATIONS, folder, { recursive: true })
  const before = await readdir(folder)
  const kit = join(import.meta.dirname, '../node_modules/drizzle-kit/bin.cjs')
  const schema = join(import.meta.dirname, 'schema.ts')
  const args = [kit, 'generate', '--dialect', 'postgresql', '--schema', schema, '--out', '.']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
  expect(stdout).toContain('No schema changes')
  expect(await readdir(folder)).toEqual(before)
  await rm(folder, { recursive: true })
})

test('of many who would do a thing once, one may', async () => {
  await using db = await testDatabase()
  const claims = await Promise.all(Array.from({ length: 10 }, () => claimOnce(db, 'demo')))
  expect(claims.filter(Boolean)).toHaveLength(1)
  expect(await claimOnce(db, 'demo')).toBe(false)
  expect(await claimOnce(db, 'something else')).toBe(true)
})

test('a host is known by its id, under the name that it had last', async () => {
  await using db = await testDatabase()
  const host_id = await boardId(db)
  await seeHost(db, { host_id, hostname: 'old' })
  const [before] = await hosts(db)
  await seeHost(db, { host_id, hostname: 'new' })
  const after = await hosts(db)
  expect(after).toMatchObject([{ host_id, hostname: 'new' }])
  expect(after[0]?.seen_at).toBeGreaterThan(before?.seen_at ?? Infinity)
})
