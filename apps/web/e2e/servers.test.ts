import { createClient } from '@bestmark/api/client'
import { type Database, openBoard } from '@bestmark/db'
import { serversMissing, type TestPostgres, TestServers } from '@bestmark/db/testing'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { metrics, Run } from './runs.ts'
import { goLive, openOwnSite } from './site.ts'

describe.skipIf(serversMissing())('pages over servers of their own', () => {
  let servers: TestServers
  let standby: TestPostgres
  beforeEach(async () => {
    servers = await TestServers.start()
    standby = await servers.standby()
  })
  afterEach(() => servers[Symbol.asyncDispose]())

  /** The board as the agent of another machine opens it. */
  const openAt = (DATABASE_URL: string): Promise<Database> => {
    return openBoard({ BESTMARK_HOME: join(tmpdir(), 'bestmark-never-made'), DATABASE_URL })
  }

  test('behind a pool and with a replica a page is live, its writes are shown, and it is read without the primary', async () => {
    const pool = await servers.pool(servers.primary, 3)
    const db = await openAt(pool.url())
    const run = await (await new Run(db, 'pooled').begin()).train([3, 2])
    await using site = await openOwnSite(async () => pool.url(), {
      DATABASE_LISTEN_URL: servers.primary.url(),
      DATABASE_READ_URL: standby.url(),
    })
    const page = await (await site.visitor()).newPage()
    await goLive(page, `/jobs/${run.job_id}`)
    await run.record(metrics(250, 0.25))
    await page.locator('[data-field=loss]', { hasText: '0.2500' }).waitFor({ state: 'attached' })
    const { jobs } = createClient(site)
    const { job_id } = run
    const nameNow = async () => (await jobs.status.query({ job_id })).name
    await standby.run('select pg_wal_replay_pause()')
    await jobs.rename.mutate({ job_id, name: 'renamed' })
    expect(await nameNow()).toBe('renamed')
    await standby.run('select pg_wal_replay_resume()')
    await expect.poll(() => standby.hasAllOf(servers.primary)).toBe(true)
    // The first read finds that the replica has the write.
    expect(await nameNow()).toBe('renamed')
    await servers.primary.kill()
    expect(await nameNow()).toBe('renamed')
    await db.close()
  })

  test('an open page goes on after a failover', async () => {
    const { primary } = servers
    const list = `postgres://postgres@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/postgres`
    const db = await openAt(list)
    const run = await (await new Run(db, 'moved').begin()).train([3, 2])
    await using site = await openOwnSite(async () => list)
    const page = await (await site.visitor()).newPage()
    await goLive(page, `/jobs/${run.job_id}`)
    await expect.poll(() => standby.hasAllOf(primary)).toBe(true)
    await primary.kill()
    await page.getByText('The board does not answer.').waitFor()
    await standby.run('select pg_promote()')
    const recorded = () => run.record(metrics(250, 0.25)).catch(() => 'away')
    await expect.poll(recorded).toBeUndefined()
    await page.locator('[data-field=loss]', { hasText: '0.2500' }).waitFor({ state: 'attached' })
    await page.getByText('The board does not answer.').waitFor({ state: 'detached' })
    expect(site.server.exitCode).toBeNull()
    await db.close()
  })
})
