import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { recordHostAlive } from '../agents/hostAlive.ts'
import { hosts } from '../hosts/hosts.ts'
import { boardId, claimOnce } from '../rows/board.ts'
import { databaseAt } from './client.ts'
import { parseAddress } from './address.ts'
import { jobDetail } from '../jobs/jobDetail.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { DatabaseNewer, migrate } from './migrate.ts'
import { listSamples } from '../samples/sampleList.ts'
import { testDatabase } from '../testing.ts'
import { checkpoint, recordEvents } from '../testRun.ts'

const MIGRATIONS = join(import.meta.dirname, '../migrations')

test('if several processes migrate at once, each finds the new schema', async () => {
  await using db = await testDatabase('empty')
  const processes = Array.from({ length: 4 }, () => databaseAt(parseAddress(db.databaseUrl)))
  await Promise.all(processes.map((one) => migrate(one)))
  const ids = await Promise.all(processes.map((one) => boardId(one)))
  expect(new Set(ids).size).toBe(1)
  await Promise.all(processes.map((one) => one.close()))
})

test('a database of a newer Bestmark is refused and not changed', async () => {
  await using db = await testDatabase()
  await db.sql`insert into migrations values ('9999_from_the_future.sql', 0)`
  const migrating = migrate(db)
  await expect(migrating).rejects.toThrow(DatabaseNewer)
  await expect(migrating).rejects.toThrow('9999_from_the_future.sql')
})

test('a board of the first version keeps its jobs and evaluations, under the default policy', async () => {
  await using db = await testDatabase('empty')
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-migrations-'))
  await cp(join(MIGRATIONS, '0000_first.sql'), join(folder, '0000_first.sql'))
  await migrate(db, folder)
  const [job_id, host_id] = [randomUUID(), randomUUID()]
  await db.sql`insert into training_jobs
    (job_id, host_id, name, project, status, host, output_dir, source, registered_at, changed_at)
    values (${job_id}, ${host_id}, 'old', 'before', 'running', 'h', '/runs/old', 'journal', 1, 1)`
  await db.sql`insert into evaluations
    (job_id, attempt, step, metric, repeat, value, arrival, revision)
    values (${job_id}, 0, 100, 'eval_loss', 0, 0.5, 1, 1)`
  await db.sql`insert into logs (job_id, ordinal, attempt, step, level, text, revision)
    values (${job_id}, 1, 0, 100, 'sample', 'Call me', 1), (${job_id}, 2, 0, 100, 'sample', 'Ishmael', 1)`
  for (const [step, path] of [
    [20, 'later'],
    [10, 'earlier'],
  ] as const) {
    await db.sql`insert into checkpoints
      (job_id, checkpoint_id, attempt, step, path, files_state, revision)
      values (${job_id}, ${randomUUID()}, 0, ${step}, ${path}, 'complete', 1)`
  }
  const damaged = 'it was damaged on its disk: its SHA-256 is not what it was'
  await db.sql`insert into checkpoints
    (job_id, checkpoint_id, attempt, step, path, files_state, files_why, revision)
    values (${job_id}, ${randomUUID()}, 0, 30, 'damaged', 'broken', ${damaged}, 1)`
  await migrate(db)
  expect(await jobDetail(db, job_id)).toMatchObject({ policy_from: 'default', policy_options: {} })
  await recordEvents(db, job_id, checkpoint(100))
  expect(await jobStatus(db, job_id)).toMatchObject({ best_step: 100, best_metric: 0.5 })
  const saved = await db.sql`select path, files_fault from checkpoints
    where job_id = ${job_id} order by arrival`
  expect(saved.map(({ path, files_fault }) => [path, files_fault])).toEqual([
    ['earlier', null],
    ['later', null],
    ['damaged', 'damaged'],
    ['checkpoint-100', null],
  ])
  const sampled = await listSamples(db, job_id)
  expect(sampled.samples).toMatchObject([{ step: 100, kind: 'text', text: 'Ishmael' }])
  await rm(folder, { recursive: true })
})

test('if a migration fails, those before it are undone too', async () => {
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

test('the migrations create the tables of the schema', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-migrations-'))
  await cp(MIGRATIONS, folder, { recursive: true })
  const before = await readdir(folder)
  const kit = join(import.meta.dirname, '../../node_modules/drizzle-kit/bin.cjs')
  const schema = join(import.meta.dirname, '../schema.ts')
  const args = [kit, 'generate', '--dialect', 'postgresql', '--schema', schema, '--out', '.']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
  expect(stdout).toContain('No schema changes')
  expect(await readdir(folder)).toEqual(before)
  await rm(folder, { recursive: true })
})

test('if many processes want to do something once, one of them may', async () => {
  await using db = await testDatabase()
  const claims = await Promise.all(Array.from({ length: 10 }, () => claimOnce(db, 'demo')))
  expect(claims.filter(Boolean)).toHaveLength(1)
  expect(await claimOnce(db, 'demo')).toBe(false)
  expect(await claimOnce(db, 'something else')).toBe(true)
})

test('a host is identified by its id, and has its latest name', async () => {
  await using db = await testDatabase()
  const host_id = await boardId(db)
  await recordHostAlive(db, { host_id, hostname: 'old' })
  const [before] = await hosts(db)
  await recordHostAlive(db, { host_id, hostname: 'new' })
  const after = await hosts(db)
  expect(after).toMatchObject([{ host_id, hostname: 'new' }])
  expect(after[0]?.seen_at).toBeGreaterThan(before?.seen_at ?? Infinity)
})
