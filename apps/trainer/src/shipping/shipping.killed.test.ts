import { once } from 'node:events'
import { mkdir, readdir, readlink, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { liveDeployments } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { shipNext } from './shipping.ts'
import { shipElsewhere, shippedRun } from './testing.ts'
import { eventually, temporaryFolder } from '../testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  // Holds an agent where it writes for the nth time that all bytes are verified, or that it is done.
  await db.sql`create table gate (status text, times int)`
  await db.sql`create sequence passed`
  await db.sql.unsafe(`
    create function hold() returns trigger language plpgsql as $$
    begin
      if exists (select from gate where status = new.status)
        and (new.status = 'done' or new.bytes_done = new.bytes_total)
        and nextval('passed') = (select times from gate)
      then perform pg_sleep(600);
      end if;
      return new;
    end $$;
    create trigger hold before update on deployments for each row execute function hold()`)
})
afterAll(() => db[Symbol.asyncDispose]())
beforeEach(async () => {
  await db.sql`delete from gate`
  await db.sql`select setval('passed', 1, false)`
})

const never = new AbortController().signal

/** How often `current` is checked while an agent only loads its modules (ms). */
const SELDOM = 5

/**
 * A run whose checkpoint is live and is ordered again. `current` is checked in each turn of the
 * event loop, and more rarely while an agent loads its modules.
 */
async function aRun(home: string) {
  const run = await shippedRun(db, home, 100_000)
  await run.order()
  await shipNext(db, run.host_id, home, never)
  await mkdir(run.models, { recursive: true })
  const { size } = await stat(run.weights)
  const over = new AbortController()
  let isLoading = false
  const looks = { whole: 0, broken: [] as unknown[] }
  const looking = (async () => {
    while (!over.signal.aborted) {
      const seen = await stat(join(run.models, 'current', 'model.safetensors')).catch(String)
      if (typeof seen === 'object' && seen.size === size) looks.whole++
      else looks.broken.push(seen)
      await (isLoading ? sleep(SELDOM) : turn())
    }
  })()
  const shipThere = () => {
    isLoading = true
    const child = shipElsewhere(db, home, run.host_id)
    const onLoaded = () => (isLoading = false)
    child.stdout?.once('data', onLoaded)
    child.once('exit', onLoaded)
    return child
  }
  const dispose = async (): Promise<void> => {
    over.abort()
    await looking
  }
  /** `current` links to the version that is live in the ledger, and no temporary files remain. */
  const agrees = async (): Promise<void> => {
    const [live] = await liveDeployments(db, { job_id: run.job_id })
    expect(await readlink(join(run.models, 'current'))).toBe(basename(live!.absolute_path!))
    expect((await readdir(run.models)).filter((name) => name.startsWith('.'))).toEqual([])
    expect(looks.broken).toEqual([])
    expect(looks.whole).toBeGreaterThan(0)
  }
  return { ...run, shipThere, agrees, [Symbol.asyncDispose]: dispose }
}

/** What another agent does once a killed one has been silent for long enough. */
async function takeOver(home: string, { host_id, job_id }: { host_id: string; job_id: string }) {
  await db.sql`delete from gate`
  await db.sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event = 'PgSleep'`
  await db.sql`update deployments set advanced_at = advanced_at - 60000
    where job_id = ${job_id} and ended_at is null`
  await shipNext(db, host_id, home, never)
}

const isHeld = async (): Promise<boolean> => {
  const held = await db.sql`select from pg_stat_activity
    where datname = current_database() and wait_event = 'PgSleep'`
  return held.length > 0
}

test.each([1, 2, 3])(
  'an agent killed at its last check (%s) leaves the live version complete, and the next agent finishes',
  { timeout: 120_000 },
  async (times) => {
    await using home = await temporaryFolder()
    await using run = await aRun(home.path)
    await run.order()
    await db.sql`insert into gate values ('verifying', ${times})`
    const child = run.shipThere()
    const dead = once(child, 'exit')
    // There may be no third time; then it has shipped all.
    await Promise.race([dead, eventually(async () => (await isHeld()) || undefined)])
    child.kill('SIGKILL')
    await dead
    await takeOver(home.path, run)
    expect(await run.now()).toMatchObject({ status: 'done', error: null })
    await run.agrees()
  },
)

test(
  'if an agent is killed after the switch, the shipment is live and its record says so',
  { timeout: 120_000 },
  async () => {
    await using home = await temporaryFolder()
    await using run = await aRun(home.path)
    const { deployment_id } = await run.order()
    await db.sql`insert into gate values ('done', 1)`
    const child = run.shipThere()
    const dead = once(child, 'exit')
    await eventually(async () => (await isHeld()) || undefined)
    child.kill('SIGKILL')
    await dead
    const serves = await readlink(join(run.models, 'current'))
    expect(serves).toContain(deployment_id.slice(0, 8))
    // A missing source does not matter for the live version.
    await run.lose()
    await takeOver(home.path, run)
    const done = await run.now()
    expect(done).toMatchObject({
      status: 'done',
      error: null,
      absolute_path: join(run.models, serves),
    })
    expect(done.bytes_done).toBe(done.bytes_total)
    await run.agrees()
  },
)

test(
  'whenever an agent is killed, the live version is complete at every check and equals the record',
  { timeout: 240_000 },
  async () => {
    await using home = await temporaryFolder()
    await using run = await aRun(home.path)
    for (let round = 0; round < 6; round++) {
      await run.order()
      const child = run.shipThere()
      const dead = once(child, 'exit')
      const begun = async () => ((await run.now()).status === 'queued' ? undefined : true)
      await eventually(begun)
      await sleep(Math.random() * 60)
      child.kill('SIGKILL')
      await dead
      await takeOver(home.path, run)
      expect(await run.now()).toMatchObject({ status: 'done', error: null })
      await run.agrees()
    }
  },
)
