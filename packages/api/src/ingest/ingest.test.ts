import { crc32, gzipSync } from 'node:zlib'
import { jobLogs, jobStatus } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestBoard, testBoard } from '../testing.ts'
import { LARGEST_PIECE } from './body.ts'
import { ask, bytes, journal, metrics, send, steps } from './testing.ts'

let board: TestBoard
beforeAll(async () => {
  board = await testBoard()
})
afterAll(() => board[Symbol.asyncDispose]())

test('pieces make a job with the points of its journal, and a GET says how far it is', async () => {
  const { job_id, text } = journal(40)
  expect(await ask(board.db, job_id, {}, {})).toMatchObject({ status: 200, offset: 0, crc32: 0 })
  let offset = 0
  while (offset < text.length) {
    // A piece ends in the middle of a line, which is not taken then.
    const answer = await send(board.db, job_id, text.slice(offset, offset + 300), {
      offset,
      headers: { 'bestmark-crc32': String(crc32(text.slice(0, offset))) },
    })
    expect(answer).toMatchObject({ status: 200, job_id })
    offset = Number(answer['offset' as keyof typeof answer])
    expect(text[offset - 1]).toBe('\n')
  }
  expect(await ask(board.db, job_id, {}, {})).toMatchObject({
    offset: text.length,
    crc32: crc32(text),
  })
  expect(await steps(board.db, job_id)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
  expect(await jobStatus(board.db, job_id)).toMatchObject({
    ...{ name: 'moby', project: 'asr', status: 'running', current_step: 40, total_steps: 40 },
  })
})

test('a piece that is sent again, by one sender or two, changes nothing', async () => {
  const { job_id, text } = journal(20)
  const [half, end] = [text.indexOf('"step":10'), text.length]
  const cut = text.lastIndexOf('\n', half) + 1
  await send(board.db, job_id, text.slice(0, cut))
  const again = await send(board.db, job_id, text.slice(0, cut))
  expect(again).toMatchObject({ status: 200, offset: cut })
  const rest = { offset: cut }
  const both = await Promise.all([1, 2, 3].map(() => send(board.db, job_id, text.slice(cut), rest)))
  expect(both.map(({ status }) => status)).toEqual([200, 200, 200])
  // The whole journal at once is older than what is there.
  expect(await send(board.db, job_id, text)).toMatchObject({ status: 200, offset: end })
  expect(await steps(board.db, job_id)).toHaveLength(20)
})

test('a gap is answered with the offset to send from', async () => {
  const { job_id, text } = journal(5)
  expect(await send(board.db, job_id, text.slice(100), { offset: 100 })).toMatchObject({
    ...{ status: 409, code: 'gap', offset: 0 },
  })
  await send(board.db, job_id, text)
  const later = await send(board.db, job_id, metrics(9), { offset: bytes(text) + 1 })
  expect(later).toMatchObject({ status: 409, code: 'gap', offset: bytes(text) })
  expect(await steps(board.db, job_id)).toHaveLength(5)
})

test('a journal with other bytes is refused, and replaces what was sent only on request', async () => {
  const { job_id, text } = journal(5)
  await send(board.db, job_id, text)
  const other = text.replaceAll('"loss":', '"lose":')
  const sent = { offset: bytes(text), headers: { 'bestmark-crc32': String(crc32(other)) } }
  const refused = await send(board.db, job_id, metrics(6), sent)
  expect(refused).toMatchObject({ status: 409, code: 'journal_differs', crc32: crc32(text) })
  const short = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)
  // Another sum is not that of what the board has, so it replaces nothing.
  await send(board.db, job_id, short, { headers: { 'bestmark-replaces': '7' } })
  expect(await steps(board.db, job_id)).toHaveLength(5)
  const replacing = { headers: { 'bestmark-replaces': String(crc32(text)) } }
  expect(await send(board.db, job_id, short, replacing)).toMatchObject({
    status: 200,
    offset: bytes(short),
  })
  expect(await steps(board.db, job_id)).toHaveLength(4)
  // The same request again is a repeated piece.
  await send(board.db, job_id, metrics(6), { offset: bytes(short) })
  await send(board.db, job_id, short, replacing)
  expect(await steps(board.db, job_id)).toHaveLength(5)
})

test('invalid lines are skipped with a warning, and a half line is not taken', async () => {
  const { job_id, text } = journal(2)
  const answer = await send(board.db, job_id, `${text}{oops\n${metrics(3)}{"type":`)
  expect(answer).toMatchObject({ status: 200, offset: bytes(`${text}{oops\n${metrics(3)}`) })
  expect(await steps(board.db, job_id)).toEqual([1, 2, 3])
  const [warning] = await jobLogs(board.db, job_id)
  expect(warning).toMatchObject({ code: 'records_skipped' })
  expect(
    await send(board.db, job_id, '{"type":', { offset: answer['offset' as 'status'] }),
  ).toMatchObject({
    ...{ status: 200, offset: answer['offset' as 'status'] },
  })
})

test('what is no journal, or the journal of another job, makes no job', async () => {
  const { job_id, text } = journal(1)
  const cases: [string, string][] = [
    [metrics(1), 'not_a_journal'],
    ['\n', 'not_a_journal'],
    [journal(1).text, 'other_journal'],
    [text.replace('"journal":1', '"journal":2'), 'not_a_journal'],
  ]
  for (const [body, code] of cases) {
    expect(await send(board.db, job_id, body)).toMatchObject({ status: 400, code })
  }
  expect(await jobStatus(board.db, job_id)).toBeUndefined()
})

test('a request that cannot be read says which part', async () => {
  const { job_id, text } = journal(1)
  for (const offset of ['', '-1', '1.5', 'x', '1e30']) {
    const answer = await send(board.db, job_id, text, { offset })
    expect([offset, answer]).toMatchObject([offset, { status: 400, code: 'request_invalid' }])
  }
  expect(await send(board.db, 'nobody', text)).toMatchObject({
    status: 400,
    code: 'request_invalid',
  })
  const brotli = { headers: { 'content-encoding': 'br' } }
  expect(await send(board.db, job_id, text, brotli)).toMatchObject({
    status: 400,
    code: 'request_invalid',
  })
  const gzip = { headers: { 'content-encoding': 'gzip' } }
  expect(await send(board.db, job_id, text, gzip)).toMatchObject({ status: 400, code: 'not_gzip' })
  const cut = gzipSync(text).subarray(0, -9)
  expect(await send(board.db, job_id, cut, gzip)).toMatchObject({ status: 400, code: 'not_gzip' })
  expect(await send(board.db, job_id, gzipSync(text), gzip)).toMatchObject({ status: 200 })
})

test('a piece that unpacks to more than fits is refused', async () => {
  const { job_id } = journal(1)
  const gzip = { headers: { 'content-encoding': 'gzip' } }
  const bomb = gzipSync(Buffer.alloc(LARGEST_PIECE + 1))
  expect(bomb.length).toBeLessThan(20_000)
  expect(await send(board.db, job_id, bomb, gzip)).toMatchObject({
    status: 413,
    code: 'piece_too_large',
  })
  const plain = new Uint8Array(LARGEST_PIECE + 1)
  expect(await send(board.db, job_id, plain)).toMatchObject({
    status: 413,
    code: 'piece_too_large',
  })
})

test('a line that is too long to be read is skipped', async () => {
  const { job_id, text } = journal(1)
  await send(board.db, job_id, text)
  let offset = bytes(text)
  const long = new Uint8Array(LARGEST_PIECE).fill(97)
  for (const body of [long, new TextEncoder().encode(`aaa\n${metrics(2)}`)]) {
    expect(await send(board.db, job_id, body, { offset })).toMatchObject({ status: 200 })
    offset += body.length
  }
  expect(await steps(board.db, job_id)).toEqual([1, 2])
})
