import { drizzle } from 'drizzle-orm/postgres-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../connection/client.ts'
import { claimExample, removeExamples } from '../jobs/examples.ts'
import { renameJob } from '../jobs/jobs.ts'
import * as schema from '../schema.ts'
import {
  checkpoint,
  ended,
  evaluation,
  metrics,
  newJob,
  recordEvents,
  started,
} from '../testRun.ts'
import { testDatabase, type TestDatabase } from '../testing.ts'
import { DISTRIBUTED } from './placement.ts'

const statements = new Set<string>()
let db: TestDatabase
beforeAll(async () => {
  const plain = await testDatabase()
  db = { ...plain, orm: drizzle(collecting(plain.sql), { schema }) }
})
afterAll(() => db[Symbol.asyncDispose]())

/** The same client, which notes each statement, also within transactions. */
function collecting(client: Client): Client {
  return new Proxy(client, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...words: unknown[]) => {
        if (name === 'unsafe') statements.add(String(words[0]).replace(/\s+/g, ' ').trim())
        const last = words.at(-1)
        const isBlock = (name === 'begin' || name === 'savepoint') && typeof last === 'function'
        const block = (tx: Client): unknown => (last as (tx: Client) => unknown)(collecting(tx))
        return Reflect.apply(
          value,
          target,
          isBlock ? [...words.slice(0, -1), block] : words,
        ) as unknown
      }
    },
  })
}

const VOLATILE = /clock_timestamp|random|gen_random_uuid|nextval|pg_notify/i
const named = DISTRIBUTED.join('|')
const UPDATED = new RegExp(`^(?:update|delete from) "?(?:${named})"?\\b`, 'i')
const INSERTED = new RegExp(`^insert into "?(?:${named})"?\\b`, 'i')
const LOCKED = new RegExp(`from "?(?:${named})"?\\b.* for (?:no key )?update`, 'i')

/** Why Citus would refuse a statement; undefined if it is allowed. */
function refusalOf(statement: string): string | undefined {
  const [before = '', returning = ''] = statement.split(/\breturning\b/i)
  const isWrite = UPDATED.test(statement) || INSERTED.test(statement)
  if (UPDATED.test(statement) && VOLATILE.test(before)) return 'volatile function in an update'
  if (isWrite && VOLATILE.test(returning)) return 'volatile function in returning'
  if (INSERTED.test(statement)) {
    if (VOLATILE.test(before.split(/\bdo update\b/i)[1] ?? ''))
      return 'volatile function in a conflict'
    if (/\bvalues\b.*\(select\b/i.test(before)) return 'subquery in values'
  }
  if (LOCKED.test(statement) && !/job_id"? = \$/.test(statement)) return 'lock without a job'
  return undefined
}

test('no statement about a job is one that Citus refuses on a distributed table', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), metrics(1, { loss: 2 }), evaluation(1, 0.5))
  await recordEvents(db, job_id, checkpoint(1), metrics(2, { loss: 1 }), ended())
  await renameJob(db, job_id, 'renamed')
  await claimExample(db, job_id)
  await removeExamples(db)
  expect(statements.size).toBeGreaterThan(20)
  expect([...statements].filter((one) => UPDATED.test(one)).length).toBeGreaterThan(1)
  const refused = [...statements].flatMap((one) => {
    const refusal = refusalOf(one)
    return refusal === undefined ? [] : [`${refusal}: ${one}`]
  })
  expect(refused).toEqual([])
})
