import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { claimExample, removeExamples } from '../jobs/examples.ts'
import { renameJob } from '../jobs/jobs.ts'
import { refusalOf } from '../testStatements.ts'
import {
  checkpoint,
  ended,
  evaluation,
  metrics,
  newJob,
  recordEvents,
  started,
} from '../testRun.ts'
import { testDatabase } from '../testing.ts'

test('no statement about a job is one that Citus refuses on a distributed table', async () => {
  const db = await testDatabase()
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), metrics(1, { loss: 2 }), evaluation(1, 0.5))
  await recordEvents(db, job_id, checkpoint(1), metrics(2, { loss: 1 }), ended())
  await renameJob(db, job_id, 'renamed')
  await claimExample(db, job_id)
  await removeExamples(db)
  const changes = [...db.statements.seen].filter((one) => one.startsWith('update'))
  expect(changes.length).toBeGreaterThan(1)
  await db[Symbol.asyncDispose]()
})

test('a test that sends a statement that Citus refuses fails at its end', async () => {
  const db = await testDatabase()
  // Citus itself refuses it, too.
  await Promise.allSettled([db.orm.execute(sql`update training_jobs set changed_at = random()`)])
  await expect(db[Symbol.asyncDispose]()).rejects.toThrow('volatile function in an update')
})

test.each([
  [
    'volatile function in an update',
    'update "training_jobs" set changed_at = extract(epoch from clock_timestamp())',
  ],
  ['volatile function in an update', 'delete from logs where random() < 0.5'],
  [
    'volatile function in returning',
    'insert into "attempts" ("job_id") values ($1) returning pg_notify($2, $3)',
  ],
  [
    'volatile function in a conflict',
    'insert into "attempts" values ($1) on conflict do update set x = clock_timestamp()',
  ],
  [
    'subquery in values',
    'insert into "series_tails" values ($1, (select max(length) from series_tails where job_id = $1))',
  ],
  [
    'subquery in returning',
    'insert into "alerts" values ($1) returning exists (select from "training_jobs")',
  ],
  [
    'local table that is linked to the changed row',
    `delete from checkpoints as old where job_id = $1 and not exists (
      select from deployments where checkpoint_id = old.checkpoint_id)`,
  ],
  ['lock without a job', 'select * from "training_jobs" where name = $1 for update'],
  [
    'join that is not by job',
    'select * from "evaluations" join "checkpoints" on "evaluations"."step" = "checkpoints"."step"',
  ],
  [
    'join that is not by job',
    `update samples set step = saved.step from (
      select step, epoch from checkpoints) as saved where samples.job_id = $1`,
  ],
  [
    'join that is not by job',
    'select * from "training_jobs" where exists (select from "sources" where count(*) > 1)',
  ],
])('refused: %s, in %s', (refusal, statement) => {
  expect(refusalOf(statement)).toBe(refusal)
})

test.each([
  // The coordinator computes it.
  'insert into "training_jobs" ("registered_at") values (clock_timestamp())',
  'update "hosts" set "seen_at" = clock_timestamp()',
  `update "training_jobs" set "name" = 'clock_timestamp()' where "job_id" = $1`,
  'select * from "training_jobs" where "job_id" = $1 for update',
  `select * from "evaluations" join "training_jobs"
    on ("training_jobs"."job_id" = "evaluations"."job_id" and (project = $1 or project is null))`,
  `delete from checkpoints as old using checkpoints as now
    where old.job_id = $1 and now.job_id = old.job_id and old.checkpoint_id not in (
      select checkpoint_id from deployments where job_id = $2)`,
  `select * from "checkpoints" join "training_jobs" on "training_jobs"."job_id" = "checkpoints"."job_id"
    order by "checkpoints"."checkpoint_id" is not distinct from "training_jobs"."best_checkpoint_id"`,
  'select * from "deployments" join "training_jobs" on "training_jobs"."host_id" = "deployments"."host_id"',
])('allowed: %s', (statement) => {
  expect(refusalOf(statement)).toBeUndefined()
})
