import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate, migrationNames } from '../connection/migrate.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { evaluation, metrics, newJob, recordEvents } from '../testRun.ts'
import { testDatabase, type TestDatabase } from '../testing.ts'
import { Refused } from '../values/refused.ts'
import { DISTRIBUTED } from './placement.ts'
import { distribute, runMigration, statementsOf } from './distribute.ts'

const isCitus = process.env['TEST_CITUS_URL'] !== undefined
const FOLDER = fileURLToPath(new URL('../migrations/', import.meta.url))

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

test.skipIf(isCitus)('a server without Citus is refused', async () => {
  await expect(distribute(db)).rejects.toThrow(Refused)
  await expect(distribute(db, { dry_run: true })).rejects.toThrow('has no Citus')
})

test.runIf(isCitus)('a board with rows is distributed, and again changes nothing', async () => {
  await db.sql`select undistribute_table('training_jobs', cascade_via_foreign_keys => true)`
  const job_id = await newJob(db)
  await recordEvents(db, job_id, metrics(1, { loss: 2 }), evaluation(1, 0.5))
  const before = await jobStatus(db, job_id, 0)
  const changes = async (dry_run: boolean) => {
    const { steps } = await distribute(db, { dry_run })
    return new Set(steps.map(({ change }) => change))
  }
  expect(await changes(true)).toEqual(new Set(['distributed']))
  expect(await changes(false)).toEqual(new Set(['distributed']))
  expect(await changes(false)).toEqual(new Set(['already_distributed']))
  expect(await jobStatus(db, job_id, 0)).toEqual(before)
  await recordEvents(db, job_id, metrics(2, { loss: 1 }))
  expect(await jobStatus(db, job_id)).toMatchObject({ current_step: 2, loss: 1 })
  const [{ shell } = { shell: 0 }] = await db.sql<{ shell: number }[]>`
    select pg_relation_size('evaluations')::int as shell`
  expect(shell).toBe(0)
})

test.runIf(isCitus)(
  'later migrations are applied, and a new table about jobs is distributed',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bestmark-migrations-'))
    for (const name of await migrationNames())
      await copyFile(join(FOLDER, name), join(folder, name))
    const statements = [
      'alter table checkpoints add column later text;',
      'create index checkpoints_later on checkpoints (job_id, later);',
      'create table later (later_id uuid primary key);',
      "update checkpoints set later = 'x' where path = 'y';",
      'drop table evaluation_curves;',
      `create table "evaluation_curves" ("job_id" uuid primary key not null, "attempts" text not null,
      "steps" bytea not null, "values" bytea not null);`,
      `alter table "evaluation_curves" add constraint "of_job" foreign key ("job_id")
      references "public"."training_jobs"("job_id") on delete cascade;`,
    ]
    await writeFile(join(folder, '9999_later.sql'), statements.join('--> statement-breakpoint\n'))
    await migrate(db, folder, runMigration)
    await rm(folder, { recursive: true })
    const names = await db.sql<{ name: string }[]>`
    select table_name::text as name from citus_tables where citus_table_type = 'distributed'`
    expect(names.map(({ name }) => name).sort()).toEqual([...DISTRIBUTED].sort())
    await recordEvents(db, await newJob(db), metrics(1, { loss: 2 }), evaluation(1, 0.5))
  },
)

/** How many statements a text has, outside of comments, strings and bodies of functions. */
function countStatements(text: string): number {
  const bare = text
    .replace(/\$\$.*?\$\$/gs, '')
    .replace(/'(?:[^']|'')*'/g, '')
    .replace(/--.*$/gm, '')
  return bare.split(';').filter((part) => part.trim() !== '').length
}

test('each piece of a migration is one statement, because a distributed board runs them one by one', async () => {
  for (const name of await migrationNames()) {
    const pieces = statementsOf(await readFile(join(FOLDER, name), 'utf8'))
    expect([name, pieces.map(countStatements)]).toEqual([name, pieces.map(() => 1)])
  }
})
