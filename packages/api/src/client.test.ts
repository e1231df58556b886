import { wire } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, createClient } from './client.ts'
import type { RouterOutputs } from './root.ts'
import { type TestBoard, testBoard } from './testing.ts'

let board: TestBoard
let api: Client
beforeAll(async () => {
  board = await testBoard()
  api = createClient(board)
})
afterAll(() => board[Symbol.asyncDispose]())

type Message = RouterOutputs['watch'] extends AsyncIterable<infer One> ? One : never
type WatchInput = Parameters<Client['watch']['subscribe']>[0]

/** Subscribes over HTTP until `enough` messages came, and returns their deltas. */
function follow(
  input: WatchInput,
  enough: (deltas: Message['data'][]) => boolean | Promise<boolean>,
): Promise<Message['data'][]> {
  const deltas: Message['data'][] = []
  const { promise, resolve, reject } = Promise.withResolvers<Message['data'][]>()
  const look = async (delta: Message['data']): Promise<void> => {
    deltas.push(delta)
    if (await enough(deltas)) resolve(deltas)
  }
  const subscription = api.watch.subscribe(input, {
    onData: ({ data }) => void look(data).catch(reject),
    onError: reject,
  })
  return promise.finally(() => subscription.unsubscribe())
}

type Reader = Parameters<Client['watchMany']['subscribe']>[0]['readers'][number]
type ReaderMessage = { key: string; id: string; data: Message['data'] }

/** The messages of several readers until `enough` came. */
function followMany(
  readers: Reader[],
  enough: (all: ReaderMessage[]) => boolean | Promise<boolean>,
): Promise<ReaderMessage[]> {
  const all: ReaderMessage[] = []
  const { promise, resolve, reject } = Promise.withResolvers<ReaderMessage[]>()
  const subscription = api.watchMany.subscribe(
    { readers },
    {
      onData: ({ id, data }) => {
        const [key = '', position = ''] = id.split(' ')
        all.push({ key, id: position, data })
        Promise.resolve(enough(all)).then((isEnough) => isEnough && resolve(all), reject)
      },
      onError: reject,
    },
  )
  return promise.finally(() => subscription.unsubscribe())
}

/** The points of the series that one reader received. */
function lossesOf(all: ReaderMessage[], reader: string): number[] {
  const own = all.filter(({ key }) => key === reader)
  return own.flatMap(({ data }) => data.series.flatMap(({ values }) => [...values]))
}

const metrics = (step: number, loss: number | string) =>
  ({ type: 'metrics', step, values: { loss } }) as const

test('numbers, NaN and typed arrays are the same after the transfer', async () => {
  const job_id = await board.newJob()
  await board.recordEvents(job_id, metrics(1, 'NaN'), metrics(2, '-Infinity'), metrics(3, 0.1))
  const [loss] = await api.series.read.query({ job_id, names: ['loss'] })
  expect(loss?.values).toEqual(Float64Array.of(NaN, -Infinity, 0.1))
  expect(loss?.times).toEqual(Float64Array.of(NaN, NaN, NaN))
  expect((await api.jobs.status.query({ job_id })).loss).toBe(0.1)
})

test('a query with 50 long names in any script is answered', async () => {
  const job_id = await board.newJob()
  for (const letter of ['x', '学', '"']) {
    for (const length of [1, 20, 30, 220, 250]) {
      const names = Array.from({ length: 50 }, (_, index) => `${letter.repeat(length)}${index}`)
      await board.recordEvents(job_id, {
        type: 'metrics',
        step: 1,
        values: { [names[49]!]: length },
      })
      const series = await api.series.read.query({ job_id, names })
      expect([letter, length, series.at(-1)?.values[0]]).toEqual([letter, length, length])
    }
  }
})

test('a query may be posted, but a GET never writes', async () => {
  const job_id = await board.newJob()
  const headers = { authorization: `Bearer ${board.token}`, 'content-type': 'application/json' }
  const body = JSON.stringify(wire.input.serialize({ job_id }))
  const status = await fetch(`${board.url}/trpc/jobs.status`, {
    ...{ method: 'POST', headers, body },
  })
  expect(status.status).toBe(200)
  const input = encodeURIComponent(body)
  const stop = await fetch(`${board.url}/trpc/jobs.stop?input=${input}`, { headers })
  expect([stop.status, stop.headers.get('allow')]).toEqual([405, 'POST'])
  expect((await api.jobs.status.query({ job_id })).status).toBe('running')
})

test('without the token no call is answered', async () => {
  const stranger = createClient({ url: board.url, token: 'guessed' })
  await expect(stranger.jobs.list.query()).rejects.toMatchObject({ data: { httpStatus: 401 } })
})

test('an error is a code and a sentence, without internal details', async () => {
  const job_id = '00000000-0000-4000-8000-000000000000'
  await expect(api.jobs.status.query({ job_id })).rejects.toMatchObject({
    message: `There is no job ${job_id} on this board.`,
    data: { code: 'NOT_FOUND', httpStatus: 404 },
  })
  const wrong: unknown = await api.jobs.status
    .query({ job_id: 'x' })
    .catch((error: unknown) => error)
  expect(wrong).toMatchObject({
    message: expect.stringMatching(/^job_id: .*UUID/i),
    data: { code: 'BAD_REQUEST' },
  })
  expect(JSON.stringify(wrong)).not.toContain('.ts:')
})

test('recorded data reaches a subscriber without a request', async () => {
  const job_id = await board.newJob()
  await board.recordEvents(job_id, metrics(1, 1))
  const [loss] = await api.series.read.query({ job_id, names: ['loss'] })
  const ordinals = { loss: loss?.next_ordinal ?? 0 }
  const series = { job_id, names: ['loss'], ordinals }
  const deltas = await follow({ jobs: [job_id], series }, async (all) => {
    if (all.length === 1) await board.recordEvents(job_id, metrics(2, 0.5), metrics(3, 'NaN'))
    return all.length === 2
  })
  expect(deltas[0]?.series).toEqual([])
  expect(deltas[1]?.series[0]).toMatchObject({ name: 'loss', from_ordinal: 1, next_ordinal: 3 })
  expect(deltas[1]?.series[0]?.values).toEqual(Float64Array.of(0.5, NaN))
  expect(deltas[1]?.status.loss).toBe(NaN)
})

test('an interrupted subscription continues after the last message, each point once', async () => {
  const job_id = await board.newJob()
  const before = board.subscriptions.length
  const series = { job_id, names: ['loss'], ordinals: {} }
  let step = 0
  const deltas = await follow({ jobs: [job_id], series }, async () => {
    await board.recordEvents(job_id, metrics(++step, step))
    if (step === 3) {
      board.cut()
      // These arrive while no subscription is open.
      await board.recordEvents(job_id, metrics(++step, step), metrics(++step, step))
    }
    return step > 8
  })
  const values = deltas.flatMap((delta) => delta.series.flatMap((one) => [...one.values]))
  expect(values).toEqual(Array.from({ length: values.length }, (_, index) => index + 1))
  expect(values.length).toBeGreaterThanOrEqual(7)
  const [first, resumed] = board.subscriptions.slice(before)
  expect(first?.lastEventId).toBeNull()
  expect(resumed?.lastEventId).toMatch(/^\d+~\d+$/)
})

test('several readers over one connection get their own messages and continue on their own', async () => {
  const [one, other] = [await board.newJob('one'), await board.newJob('other')]
  const { board_revision: since } = await api.jobs.list.query()
  const before = board.subscriptions.length
  const series = { job_id: one, names: ['loss'], ordinals: {} }
  const readers = [
    { key: 'a', watch: { jobs: [one], series } },
    { key: 'b', watch: { jobs: [other] } },
    { key: 'list', watch: { jobs: 'all' as const, since } },
  ]
  const first = await followMany(readers, async (all) => {
    if (all.length === 2) {
      await board.recordEvents(one, metrics(1, 3))
      await board.recordEvents(other, metrics(1, 4))
    }
    return new Set(all.map(({ key }) => key)).size === 3 && lossesOf(all, 'a').length === 1
  })
  expect(new Set(first.filter(({ key }) => key === 'b').map(({ data }) => data.job_id))).toEqual(
    new Set([other]),
  )
  await board.recordEvents(one, metrics(2, 2))
  const last = (key: string) => first.findLast((message) => message.key === key)?.id
  const again = readers.map(({ key, watch }) => ({
    key,
    watch: { ...watch, lastEventId: last(key) },
  }))
  const second = await followMany(again, (all) => lossesOf(all, 'a').length > 0)
  expect([lossesOf(first, 'a'), lossesOf(second, 'a')]).toEqual([[3], [2]])
  expect(board.subscriptions.length - before).toBe(2)
})

test('a tool can follow every job of the board', async () => {
  const { board_revision: since } = await api.jobs.list.query()
  const job_id = await board.newJob()
  const deltas = await follow({ jobs: 'all', since }, async (all) => {
    if (all.length === 1) await board.recordEvents(job_id, metrics(1, 42))
    return all.some(({ status }) => status.job_id === job_id && status.loss === 42)
  })
  expect(deltas.length).toBeGreaterThan(0)
})

test('a job is followed in any letter case of its id', async () => {
  const job_id = await board.newJob()
  await board.recordEvents(job_id, metrics(1, 1))
  const upper = job_id.toUpperCase()
  const series = { job_id: upper, names: ['loss'], ordinals: {} }
  const [delta] = await follow({ jobs: [upper], series }, () => true)
  expect(delta).toMatchObject({ job_id, series: [{ name: 'loss', next_ordinal: 1 }] })
  expect((await api.jobs.status.query({ job_id: upper })).job_id).toBe(job_id)
})

test('an invalid ordinal is refused', async () => {
  const job_id = await board.newJob()
  for (const loss of [1.5, -1, 1e300, 2 ** 53]) {
    const series = { job_id, names: ['loss'], ordinals: { loss } }
    await expect(follow({ jobs: [job_id], series }, () => true)).rejects.toMatchObject({
      data: { code: 'BAD_REQUEST' },
    })
  }
})
