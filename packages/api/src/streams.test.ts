import { expect, test } from 'vitest'
import { MOST_STREAMS, oneOfMany } from './streams.ts'

const token = (token_id: string) => ({ token_id, person_id: null })

async function* endless() {
  for (let at = 0; ; at++) yield at
}

test('a token has so many streams, and a closed one makes room for another', async () => {
  const streams = Array.from({ length: MOST_STREAMS }, () => oneOfMany(token('ci'), endless()))
  for (const stream of streams) expect(await stream.next()).toEqual({ done: false, value: 0 })
  const late = () => oneOfMany(token('ci'), endless())
  await expect(late().next()).rejects.toThrow(`This token has ${MOST_STREAMS} live streams.`)
  const other = oneOfMany(token('notebook'), endless())
  expect(await other.next()).toEqual({ done: false, value: 0 })
  await streams[0]?.return()
  const next = late()
  expect(await next.next()).toEqual({ done: false, value: 0 })
  await expect(late().next()).rejects.toThrow('live streams')
  for (const stream of [...streams, other, next]) await stream.return()
})

test('a stream that breaks is not counted any more', async () => {
  async function* broken() {
    yield 1
    throw new Error('broken')
  }
  for (let at = 0; at <= MOST_STREAMS; at++) {
    const stream = oneOfMany(token('flaky'), broken())
    await stream.next()
    await expect(stream.next()).rejects.toThrow('broken')
  }
})
