import { randomUUID } from 'node:crypto'
import type { JobState } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listJobs } from './jobList.ts'
import { hostedJobs } from './hostedJobs.ts'
import { jobDetail } from './jobDetail.ts'
import { findJobs, jobStatus, namedJob, offerStop, requestStop } from './jobs.ts'
import { recordFacts } from '../record/record.ts'
import { JobUnknown, Refused } from '../values/refused.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { evaluation, event, newJob, started, recordEvents } from '../testRun.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const ended = (status: string, attempt = 0) => event({ type: 'ended', attempt, at: 9, status })

test('a job is found by its id, by its name, and by the beginning of its id', async () => {
  const found = async (text: string) => (await findJobs(db, text)).map(({ job_id }) => job_id)
  const one = 'aaaa1111-0000-4000-8000-000000000001'
  const two = 'aaaa2222-0000-4000-8000-000000000002'
  const namesake = 'bbbb0000-0000-4000-8000-000000000003'
  await newJob(db, { job_id: one, name: 'whale' })
  await newJob(db, { job_id: two, name: 'aaaa1' })
  await newJob(db, { job_id: namesake, name: 'whale' })
  expect(await found(one)).toEqual([one])
  expect(await found(one.toUpperCase())).toEqual([one])
  expect(await found('aaaa2')).toEqual([two])
  expect(await found('aaaa')).toEqual([one, two])
  expect(await found('aaaa1')).toEqual([two])
  expect(await found('whale')).toEqual([one, namesake])
  expect(await found('wha')).toEqual([])
  expect(await found("'; drop table x")).toEqual([])
  expect(await found('%')).toEqual([])
  expect(await namedJob(db, 'aaaa2')).toMatchObject({ job_id: two })
  await expect(namedJob(db, 'wha')).rejects.toThrow(JobUnknown)
  const several = `"whale" matches several jobs: ${one} (whale), ${namesake} (whale).`
  await expect(namedJob(db, 'whale')).rejects.toThrow(several)
})

test('a job is found by its whole id where only its own server answers', async () => {
  await using board = await testDatabase()
  const job_id = await newJob(board)
  board.statements.seen.clear()
  expect(await findJobs(board, job_id)).toMatchObject([{ job_id }])
  expect([...board.statements.seen]).toEqual([
    expect.stringMatching(/where "training_jobs"."job_id" = \$1$/),
  ])
})

test('a stop request is kept until its attempt ends', async () => {
  const host_id = randomUUID()
  const job_id = await newJob(db, { host_id, is_stoppable: true })
  await recordEvents(db, job_id, started())
  expect((await requestStop(db, job_id)).status).toBe('stopping')
  const requested = await jobDetail(db, job_id)
  expect(requested?.stop_requested_at).toBeGreaterThan(0)
  expect(await requestStop(db, job_id)).toMatchObject({ status: 'stopping' })
  expect(await jobDetail(db, job_id)).toEqual(requested)
  await recordEvents(db, job_id, ended('stopped'))
  expect((await jobStatus(db, job_id))?.status).toBe('stopped')
  await recordEvents(db, job_id, started(1, 5))
  expect((await hostedJobs(db, host_id))[0]).toMatchObject({ status: 'running' })
  expect(await jobDetail(db, job_id)).toMatchObject({
    attempt: 1,
    stop_requested_at: null,
  })
})

test('a job that has ended cannot be stopped, and the error says so', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), ended('completed'))
  await expect(requestStop(db, job_id)).rejects.toThrow(Refused)
  await expect(requestStop(db, job_id)).rejects.toThrow('moby is completed')
  await expect(requestStop(db, randomUUID())).rejects.toThrow(JobUnknown)
})

test('a run that Bestmark did not start cannot be stopped, and the error says where it can', async () => {
  const host_id = randomUUID()
  const job_id = await newJob(db, { host_id })
  await recordEvents(db, job_id, started())
  await expect(requestStop(db, job_id)).rejects.toThrow(Refused)
  await expect(requestStop(db, job_id)).rejects.toThrow('Stop it on workstation, where it runs')
  expect((await jobStatus(db, job_id))?.status).toBe('running')
  // Bestmark started it the next time, and it is read from other files since.
  const again = { job_id, host_id, root: `/runs/${job_id}` }
  await newJob(db, { ...again, is_stoppable: true })
  await newJob(db, { ...again, source: 'huggingface' })
  expect((await requestStop(db, job_id)).status).toBe('stopping')
})

test('a run that Bestmark did not start can be stopped while somebody offers it', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started())
  await offerStop(db, job_id, true)
  const offered = await jobDetail(db, job_id)
  await offerStop(db, job_id, true)
  expect(await jobDetail(db, job_id)).toEqual(offered)
  await offerStop(db, job_id, false)
  await expect(requestStop(db, job_id)).rejects.toThrow(Refused)
  await offerStop(db, job_id, true)
  expect((await requestStop(db, job_id)).status).toBe('stopping')
})

test('an agent finds the jobs of its host, all or those of some states', async () => {
  const host_id = randomUUID()
  const running = await newJob(db, { host_id, root: '/runs/a', recipe: 'char-lm' })
  const done = await newJob(db, { host_id })
  await newJob(db)
  await recordEvents(db, running, started())
  await recordEvents(db, done, started(), ended('completed'))
  const ids = async (states?: JobState[]) =>
    (await hostedJobs(db, host_id, states && { states })).map(({ job_id }) => job_id)
  expect(await hostedJobs(db, host_id, { states: ['running'] })).toMatchObject([
    { job_id: running, root: '/runs/a', source: 'journal' },
  ])
  expect(await ids()).toEqual([running, done])
  expect(await ids(['completed', 'failed'])).toEqual([done])
})

test('registering again changes nothing and makes no new revision', async () => {
  const ids = { job_id: randomUUID(), host_id: randomUUID() }
  await newJob(db, ids)
  await recordEvents(db, ids.job_id, started(), ended('completed'))
  const before = await db.sql`select * from training_jobs where job_id = ${ids.job_id}`
  await newJob(db, ids)
  expect(await db.sql`select * from training_jobs where job_id = ${ids.job_id}`).toEqual(before)
})

test('registrations at the same time with one id make one job', async () => {
  const ids = { job_id: randomUUID(), host_id: randomUUID() }
  await Promise.all(Array.from({ length: 8 }, () => newJob(db, ids)))
  expect(await hostedJobs(db, ids.host_id)).toHaveLength(1)
})

test('every page of a list continues after the previous one, even if jobs arrive meanwhile', async () => {
  const project = 'paging'
  const made: string[] = []
  for (let index = 0; index < 23; index++) {
    const job_id = await newJob(db, { project, name: `run ${index % 3}` })
    if (index % 2) await recordEvents(db, job_id, evaluation(1, index % 5), ended('completed'))
    made.push(job_id)
  }
  for (const sort of ['newest', 'name', 'best'] as const) {
    const seen: string[] = []
    let cursor: string | null = null
    let total = 0
    do {
      const page = await listJobs(db, { project, sort, cursor, limit: 5 })
      seen.push(...page.jobs.map(({ job_id }) => job_id))
      total ||= page.total
      cursor = page.next_cursor
      // Newer jobs come before the current page, and move nothing.
      const status = 'completed'
      if (sort === 'newest') await newJob(db, { project: 'other', name: 'newer', status })
    } while (cursor)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.toSorted()).toEqual(made.toSorted())
    expect(total).toBe(made.length)
  }
})

test('running jobs come first, then the newest; with order best, the best come first', async () => {
  const project = 'order'
  const job = (name: string) => newJob(db, { project, name })
  const [old, done, live] = [await job('old'), await job('done'), await job('live')]
  await recordEvents(
    db,
    old,
    event({ type: 'started', at: 1_000 }),
    evaluation(1, 0.1),
    ended('failed'),
  )
  await recordEvents(
    db,
    done,
    event({ type: 'started', at: 2_000 }),
    evaluation(1, 0.5),
    ended('completed'),
  )
  await recordEvents(db, live, event({ type: 'started', at: 500 }))
  const order = async (sort: 'newest' | 'name') =>
    (await listJobs(db, { project, sort })).jobs.map(({ name }) => name)
  expect(await order('newest')).toEqual(['live', 'done', 'old'])
  expect(await order('name')).toEqual(['done', 'live', 'old'])
})

test('a list is filtered by status, project and literal text', async () => {
  const project = 'filters'
  const a = await newJob(db, { project, name: '100% done_ish' })
  const b = await newJob(db, { project, name: '100 donexish' })
  await recordEvents(db, b, started())
  const names = async (query: object) =>
    (await listJobs(db, { project, ...query })).jobs.map(({ name }) => name).toSorted()
  expect(await names({ status: ['running', 'failed'] })).toEqual(['100 donexish'])
  expect(await names({ search: '100%' })).toEqual(['100% done_ish'])
  expect(await names({ search: 'DONE_' })).toEqual(['100% done_ish'])
  expect(await names({ search: a.slice(0, 13) })).toEqual(['100% done_ish'])
  expect(await names({ search: 'ilter' })).toHaveLength(2)
  expect(await names({ status: ['lost'] })).toEqual([])
})

test('each listed job has a small curve with its ends and its lowest point', async () => {
  const project = 'curves'
  const job_id = await newJob(db, { project })
  const losses = Array.from({ length: 1_000 }, (_, step) =>
    evaluation(step, step === 617 ? 0.01 : 2 + Math.sin(step)),
  )
  await recordEvents(db, job_id, ...losses)
  const { curves } = await listJobs(db, { project })
  const curve = curves[job_id]
  expect(curve?.steps.length).toBeLessThanOrEqual(60)
  expect([curve?.steps[0], curve?.steps.at(-1)]).toEqual([0, 999])
  expect(curve?.values).toContain(0.01)
})

test('a cursor of another list is refused with a message', async () => {
  await expect(listJobs(db, { cursor: 'nonsense' })).rejects.toThrow(Refused)
  const { next_cursor } = await listJobs(db, { sort: 'name', limit: 1 })
  await expect(listJobs(db, { sort: 'newest', cursor: next_cursor })).rejects.toThrow(Refused)
})

test('a cursor with invalid keys is refused, and a search for text that cannot be stored is empty', async () => {
  const id = '00000000-0000-4000-8000-000000000000'
  for (const keys of [
    ['newest', '0', '-1', 'x'],
    ['newest', 'x', '-1', id],
    ['newest', '0', '1e999', id],
    ['name', '\0', id],
  ]) {
    const cursor = Buffer.from(JSON.stringify(keys)).toString('base64url')
    const sort = keys[0] === 'name' ? 'name' : 'newest'
    await expect(listJobs(db, { sort, cursor })).rejects.toThrow(Refused)
  }
  expect((await listJobs(db, { search: '\0', project: '\0' })).jobs).toEqual([])
})

test('a heartbeat makes a lost job running again', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), ended('lost'))
  expect((await jobStatus(db, job_id))?.status).toBe('lost')
  await recordFacts(db, job_id, [event({ type: 'heartbeat', at: 10 })])
  expect((await jobStatus(db, job_id))?.status).toBe('running')
})
