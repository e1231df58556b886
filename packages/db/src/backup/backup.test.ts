import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { deriveAlerts } from '../alerts/derivation.ts'
import { saveRule } from '../alerts/rules.ts'
import { migrate } from '../connection/migrate.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { changePolicy } from '../policies/policies.ts'
import { checkpoint, evaluation, event, metrics, newJob, recordEvents } from '../testRun.ts'
import { saveView } from '../views/views.ts'
import { BOARD_TABLES } from './boardTables.ts'
import { BoardInUse, BoardNotEmpty, RESTORING } from './boardUse.ts'
import { checkBackup, restoreBackup } from './restoreBackup.ts'
import { aDatabase, fileOf, fill, rowsOf, textOf } from './testBackup.ts'

test('every table of a board is in a backup', async () => {
  await using here = await aDatabase()
  const db = here.open()
  const tables = await db.sql<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`
  expect(tables.map(({ name }) => name).sort()).toEqual(BOARD_TABLES)
  await db.close()
})

test('a restored board has the same rows, and continues its numbers', async () => {
  await using here = await aDatabase()
  await using there = await aDatabase('local')
  const source = here.open()
  const job_id = await fill(source)
  const before = await rowsOf(source)
  const file = fileOf(gzipSync(await textOf(source)))
  const target = there.open(RESTORING)
  await checkBackup(file)
  await restoreBackup(target, file)
  expect(await rowsOf(target)).toEqual(before)
  const [known] = await target.sql`select reltuples from pg_class where relname = 'training_jobs'`
  expect(known?.['reltuples']).toBeGreaterThan(0)
  await changePolicy(target, { job_id }, { policy: 'as_declared', options: {} }, 'ana')
  const ids = await target.sql`select change_id from policy_changes order by change_id`
  expect(ids.map(({ change_id }) => Number(change_id))).toEqual([1, 2])
  await Promise.all([source.close(), target.close()])
})

test('alerts continue on a database whose transactions have lower numbers', async () => {
  await using here = await aDatabase()
  await using there = await aDatabase('local')
  const source = here.open()
  const job_id = await newJob(source)
  const destination = { type: 'webhook', url: 'http://127.0.0.1:9/' } as const
  await saveRule(source, { project: null, kinds: ['new_best'], evaluations: 5, destination })
  await source.sql`update training_jobs set board_revision = 1000000000000`
  await source.sql`update alert_cursor set board_revision = 1000000000000`
  const target = there.open(RESTORING)
  await restoreBackup(target, fileOf(gzipSync(await textOf(source))))
  while (await deriveAlerts(target));
  const values = { eval_loss: 1 }
  const best = [event({ type: 'evaluation', step: 100, values }), checkpoint(100)]
  await recordEvents(target, job_id, ...best)
  while (await deriveAlerts(target));
  expect(await target.sql`select job_id from alerts`).toEqual([{ job_id }])
  await Promise.all([source.close(), target.close()])
})

test('a backup is of one moment, while others write', async () => {
  await using here = await aDatabase()
  const db = here.open()
  const writer = here.open()
  const job_id = await newJob(db)
  const over = new AbortController()
  const writing = (async () => {
    for (let step = 1; !over.signal.aborted; step++) {
      await recordEvents(writer, job_id, metrics(step, { loss: 1 }), evaluation(step, 1 / step))
    }
  })()
  for (let round = 0; round < 3; round++) {
    const file = fileOf(gzipSync(await textOf(db)))
    await using there = await aDatabase('local')
    const target = there.open(RESTORING)
    await restoreBackup(target, file)
    const [row] = await target.sql`select revision, current_step::int as step, (
      select count(*)::int from evaluations) as evaluations from training_jobs`
    expect(row?.['evaluations']).toBe(row?.['step'] ?? 0)
    await target.close()
  }
  over.abort()
  await writing
  await Promise.all([db.close(), writer.close()])
})

test('a backup of an older version is migrated after it was loaded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-migrations-'))
  const all = join(import.meta.dirname, '../migrations')
  const names = (await readdir(all)).filter((name) => name.endsWith('.sql')).sort()
  for (const name of names.slice(0, 10)) await cp(join(all, name), join(folder, name))
  await using here = await aDatabase('empty')
  await using there = await aDatabase('local')
  const source = here.open()
  await migrate(source, folder)
  const job_id = randomUUID()
  await source.sql`insert into training_jobs
    (job_id, host_id, name, project, status, host, output_dir, source, registered_at, changed_at)
    values (${job_id}, ${randomUUID()}, 'old', 'p', 'done', 'h', '/runs/old', 'journal', 1, 1)`
  const text = await textOf(source)
  expect(text.toString()).not.toContain('saved_views')
  const target = there.open(RESTORING)
  await restoreBackup(target, fileOf(gzipSync(text)))
  expect(await jobStatus(target, job_id)).toMatchObject({ name: 'old', tags: [] })
  const applied = await target.sql<{ name: string }[]>`select name from migrations order by name`
  expect(applied.map(({ name }) => name)).toEqual(names)
  await saveView(target, { name: 'new', query: '' })
  await Promise.all([source.close(), target.close()])
  await rm(folder, { recursive: true })
})

test('a backup of a newer version or format is refused, and says what to do', async () => {
  await using here = await aDatabase()
  const source = here.open()
  const text = (await textOf(source)).toString('latin1')
  await source.close()
  const newer = [
    text.replace('"bestmark_backup":1', '"bestmark_backup":2'),
    text.replace('"migrations":[', '"migrations":["9999_from_the_future.sql",'),
  ]
  for (const one of newer) {
    const checking = checkBackup(fileOf(gzipSync(Buffer.from(one, 'latin1'))))
    await expect(checking).rejects.toThrow(/newer Bestmark.*Update Bestmark/)
  }
})

test('a board with content is refused, unless it is to be replaced', async () => {
  await using here = await aDatabase()
  await using there = await aDatabase('local')
  const source = here.open()
  const kept = await newJob(source)
  const file = fileOf(gzipSync(await textOf(source)))
  const target = there.open(RESTORING)
  const other = await newJob(target)
  await expect(restoreBackup(target, file)).rejects.toThrow(BoardNotEmpty)
  expect(await jobStatus(target, other)).toBeDefined()
  await restoreBackup(target, file, { replace: true })
  expect(await jobStatus(target, other)).toBeUndefined()
  expect(await jobStatus(target, kept)).toBeDefined()
  await Promise.all([source.close(), target.close()])
})

test('a board that another process uses is refused', async () => {
  await using here = await aDatabase('local')
  const db = here.open()
  await db.sql`select 1`
  const file = fileOf(gzipSync(await textOf(db)))
  const target = here.open(RESTORING)
  await expect(restoreBackup(target, file, { replace: true })).rejects.toThrow(BoardInUse)
  await Promise.all([db.close(), target.close()])
})
