import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openBoard } from './openBoard.ts'
import { jobStatus, renameJob } from '../jobs/jobs.ts'
import { registerJob } from '../jobs/registration.ts'
import { serversMissing, type TestPostgres, TestServers } from '../testServers.ts'
import { watchBoard } from '../watch/boardReader.ts'
import type { Database } from '../connection/client.ts'
import { PAGES } from '../connection/limits.ts'
import { Replica, type ReplicaPace } from './replica.ts'

/** Nothing is too old, and news wait as long as they must. */
const CALM: ReplicaPace = { again: 100, check: 60_000, stale: 60_000, patience: 60_000 }

describe.skipIf(serversMissing())('a streaming replica', () => {
  let servers: TestServers
  let standby: TestPostgres
  let db: Database
  beforeAll(async () => {
    servers = await TestServers.start()
    standby = await servers.standby()
    db = await openBoard({ BESTMARK_HOME: '/nowhere', DATABASE_URL: servers.primary.url() }, PAGES)
  })
  afterAll(async () => {
    await db.close()
    await servers[Symbol.asyncDispose]()
  })

  function replicaWith(pace: Partial<ReplicaPace> = {}, databaseUrl = standby.url()) {
    const errors: unknown[] = []
    const options = { home: '/nowhere', databaseUrl, limits: PAGES }
    const report = (error: unknown) => void errors.push(error)
    const replica = new Replica(db, options, report, { ...CALM, ...pace })
    onTestFinished(() => replica.close())
    return { replica, errors }
  }

  /** The reader, as soon as the replica may be read. */
  async function readerOf(replica: Replica): Promise<Database> {
    await expect.poll(async () => (await replica.reader()) !== undefined).toBe(true)
    return (await replica.reader())!
  }

  const pause = () => standby.run('select pg_wal_replay_pause()')
  const resume = () => standby.run('select pg_wal_replay_resume()')

  async function newJob(name: string): Promise<string> {
    const job_id = randomUUID()
    const host = { host_id: randomUUID(), host: 'workstation', root: `/runs/${name}` }
    const facts = { name, project: 'tests', status: 'running', source: 'journal' } as const
    await registerJob(db, { job_id, ...host, ...facts, is_stoppable: true })
    return job_id
  }

  test('it is read once it has what the primary had', async () => {
    const job_id = await newJob('first')
    const reader = await readerOf(replicaWith().replica)
    const [row] = await reader.sql<{ is_standby: boolean }[]>`
      select pg_is_in_recovery() as is_standby`
    expect(row?.is_standby).toBe(true)
    expect(await jobStatus(reader, job_id)).toMatchObject({ name: 'first' })
  })

  test('after a write the primary is read until the replica has the write', async () => {
    const job_id = await newJob('before')
    const { replica } = replicaWith()
    await readerOf(replica)
    await pause()
    await renameJob(db, job_id, 'after')
    replica.wrote()
    expect(await replica.reader()).toBeUndefined()
    await resume()
    expect(await jobStatus(await readerOf(replica), job_id)).toMatchObject({ name: 'after' })
  })

  test('news of a job arrive once the replica has them', async () => {
    const { replica } = replicaWith()
    const reader = await readerOf(replica)
    const leaving = new AbortController()
    const changes = watchBoard(reader, null, leaving.signal)
    const next = changes.next()
    await pause()
    // The feed listens before it reads; what is written later is announced.
    const job_id = await newJob('late')
    await resume()
    expect((await next).value).toMatchObject({ delta: { job_id, status: { name: 'late' } } })
    leaving.abort()
  })

  test('a notification waits until the replica has what it is about', async () => {
    const { replica } = replicaWith({ patience: 60_000 })
    const reader = await readerOf(replica)
    const [atOnce, heard]: [string[], string[]] = [[], []]
    await db.listen('told', { heard: (payload) => void atOnce.push(payload) })
    await reader.listen('told', { heard: (payload) => void heard.push(payload) })
    await pause()
    await newJob('told')
    for (const payload of ['first', 'second']) await db.notify('told', payload)
    await expect.poll(() => atOnce).toEqual(['first', 'second'])
    expect(heard).toEqual([])
    await resume()
    await expect.poll(() => heard).toEqual(['first', 'second'])
  })

  test('a replica with old data is not read', async () => {
    const { replica } = replicaWith({ check: 0, stale: 0 })
    await readerOf(replica)
    await pause()
    await newJob('unseen')
    await expect.poll(() => replica.reader()).toBeUndefined()
    await resume()
    await readerOf(replica)
  })

  test('a replica that is away is not read, and later it is again', async () => {
    const { replica, errors } = replicaWith({ check: 0 })
    await readerOf(replica)
    await standby.kill()
    await expect.poll(() => replica.reader()).toBeUndefined()
    expect(errors).not.toEqual([])
    await standby.start()
    await readerOf(replica)
  })

  test('a replica is read also while the primary is away', async () => {
    const job_id = await newJob('kept')
    const { replica } = replicaWith({ check: 0 })
    const reader = await readerOf(replica)
    await servers.primary.kill()
    expect(await jobStatus(reader, job_id)).toMatchObject({ name: 'kept' })
    expect(await replica.reader()).toBe(reader)
    await servers.primary.start()
  })

  test('a database with another board is not read, and the error names the variable', async () => {
    await servers.primary.run('create database another')
    const url = servers.primary.url('another')
    await (await openBoard({ BESTMARK_HOME: '/nowhere', DATABASE_URL: url })).close()
    const { replica, errors } = replicaWith({}, url)
    await expect.poll(() => replica.reader().then(() => String(errors))).toContain('another board')
    expect(String(errors)).toContain('DATABASE_READ_URL')
    expect(await replica.reader()).toBeUndefined()
  })
})
