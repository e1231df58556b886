import { randomUUID } from 'node:crypto'
import { LARGEST_CONTENT, listSamples, sampleContent } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestBoard, testBoard } from '../testing.ts'
import { SendingRate } from './rate.ts'
import {
  ask,
  bytes,
  digestOf,
  journal,
  limited,
  line,
  samplesOf,
  send,
  sendFile,
} from './testing.ts'

let board: TestBoard
beforeAll(async () => {
  board = await testBoard()
})
afterAll(() => board[Symbol.asyncDispose]())

/** A file that begins and ends as a PNG. */
const png = (pixels: string, size = 0) =>
  Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    Buffer.from(pixels.padEnd(size, '.')),
    Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]),
  ])
const pathAt = (step: number) => `bestmark-samples/step-${step}-0.png`
const imageAt = (step: number) => {
  const at = { type: 'sample', attempt: 0, step, prompt_index: 0, kind: 'image' }
  return line({ ...at, path: pathAt(step) })
}

/** A job whose journal names an image per step; its samples by step. */
async function sampled(...steps: number[]) {
  const { job_id, text } = journal(1)
  const body = text + steps.map(imageAt).join('')
  const answer = await send(board.db, job_id, body)
  const ids = new Map((await rows(job_id)).map(({ step, sample_id }) => [step, sample_id]))
  const id = (step: number) => ids.get(step) ?? ''
  const offer = (step: number, content: Buffer) => {
    return { sample_id: id(step), sha256: digestOf(content), bytes: content.length }
  }
  return { job_id, body, answer, id, offer }
}
const rows = async (job_id: string) => (await listSamples(board.db, job_id)).samples
const states = async (job_id: string) =>
  (await rows(job_id)).map(({ step, content_state }) => [step, content_state])
const shown = async (job_id: string, sample_id: string) => {
  const { content } = (await sampleContent(board.db, job_id, sample_id)) ?? {}
  return content && Buffer.from(content)
}

test('the board asks for the files that it lacks, the newest first, and shows what it gets', async () => {
  const { job_id, answer, id, offer } = await sampled(1, 2)
  expect(answer).toMatchObject({ status: 200, wants_files: true })
  const asked = await samplesOf(board.db, job_id)
  const wanted = [2, 1].map((step) => ({ sample_id: id(step), path: pathAt(step) }))
  expect(asked).toMatchObject({ status: 200, job_id, largest: LARGEST_CONTENT, wanted })
  const [one, two] = [png('one'), png('two')]
  const missing = [id(1), id(2)]
  const offered = await samplesOf(board.db, job_id, [offer(1, one), offer(2, two)])
  expect(offered).toMatchObject({ status: 200, missing })
  for (const [step, file] of [[1, one] as const, [2, two] as const]) {
    const sent = await sendFile(board.db, job_id, id(step), file)
    expect(sent).toMatchObject({ status: 200, sample_id: id(step), content_state: 'stored' })
    expect(await shown(job_id, id(step))).toEqual(file)
  }
  expect(await samplesOf(board.db, job_id)).toMatchObject({ wanted: [] })
  expect(await ask(board.db, job_id, {}, {})).toMatchObject({ wants_files: false })
})

test('a file that is sent again changes nothing, also with other bytes', async () => {
  const { job_id, id, offer } = await sampled(1)
  const first = png('first')
  await sendFile(board.db, job_id, id(1), first)
  const [before] = await rows(job_id)
  for (const content of [first, png('other')]) {
    const again = await sendFile(board.db, job_id, id(1), content)
    expect(again).toMatchObject({ status: 200, content_state: 'stored' })
    expect(await samplesOf(board.db, job_id, [offer(1, content)])).toMatchObject({ missing: [] })
  }
  const lost = { sample_id: id(1), content_state: 'missing', bytes: null }
  await samplesOf(board.db, job_id, [lost])
  expect(await shown(job_id, id(1))).toEqual(first)
  expect(await rows(job_id)).toEqual([before])
})

test('the same bytes of one job are sent once; those of another job are not looked at', async () => {
  const same = png('same')
  const { job_id, id, offer } = await sampled(1, 2, 3)
  const both = await samplesOf(board.db, job_id, [offer(1, same), offer(2, same)])
  expect(both).toMatchObject({ missing: [id(1)] })
  await sendFile(board.db, job_id, id(1), same)
  const rest = await samplesOf(board.db, job_id, [offer(2, same), offer(3, same)])
  expect(rest).toMatchObject({ missing: [] })
  expect(await shown(job_id, id(3))).toEqual(same)
  const other = await sampled(1)
  expect(await samplesOf(board.db, other.job_id, [other.offer(1, same)])).toMatchObject({
    missing: [other.id(1)],
  })
})

test('a file that is not sent has the reason as its state', async () => {
  const { job_id, id, offer } = await sampled(1, 2, 3, 4)
  const told = [
    { sample_id: id(1), content_state: 'too_large', bytes: LARGEST_CONTENT + 1 },
    { sample_id: id(2), content_state: 'missing', bytes: null },
    { ...offer(3, png('')), bytes: LARGEST_CONTENT + 1 },
  ]
  expect(await samplesOf(board.db, job_id, told)).toMatchObject({ status: 200, missing: [] })
  const svg = Buffer.from('<svg><script>alert(1)</script></svg>')
  const sent = await sendFile(board.db, job_id, id(4), svg)
  expect(sent).toMatchObject({ status: 200, content_state: 'not_media' })
  expect(await states(job_id)).toEqual([
    [1, 'too_large'],
    [2, 'missing'],
    [3, 'too_large'],
    [4, 'not_media'],
  ])
  expect(await rows(job_id)).toMatchObject([{ bytes: LARGEST_CONTENT + 1 }, {}, {}, {}])
})

test('files for which the job has no space are not asked for: those of the lowest steps', async () => {
  const count = (256 << 20) / LARGEST_CONTENT
  const steps = Array.from({ length: count + 2 }, (_, index) => index + 1)
  const { job_id, id } = await sampled(...steps)
  const large = (step: number) => {
    return { sample_id: id(step), sha256: digestOf(png(`${step}`)), bytes: LARGEST_CONTENT }
  }
  const { missing } = (await samplesOf(board.db, job_id, steps.map(large))) as {
    missing?: string[]
  }
  expect(new Set(missing)).toEqual(new Set(steps.slice(2).map(id)))
  const dropped = (await rows(job_id)).filter(({ content_state }) => content_state === 'dropped')
  expect(dropped.map(({ step }) => step)).toEqual([1, 2])
})

test('a damaged, a too large and an unknown file are refused with a code', async () => {
  const { job_id, id } = await sampled(1)
  const damaged = { sha256: digestOf(png('whole')) }
  const results = [
    await sendFile(board.db, job_id, id(1), png('part'), damaged),
    await sendFile(board.db, job_id, id(1), png('', LARGEST_CONTENT)),
    await sendFile(board.db, job_id, randomUUID(), png('')),
    await sendFile(board.db, randomUUID(), id(1), png('')),
    await sendFile(board.db, job_id, id(1), png(''), { sha256: 'none' }),
    await samplesOf(board.db, job_id, [{ sample_id: id(1), content_state: 'stored', bytes: 1 }]),
  ]
  expect(results).toMatchObject([
    { status: 400, code: 'file_differs' },
    { status: 413, code: 'file_too_large' },
    { status: 404, code: 'sample_unknown' },
    { status: 404, code: 'sample_unknown' },
    { status: 400, code: 'request_invalid' },
    { status: 400, code: 'request_invalid' },
  ])
  expect(await states(job_id)).toEqual([[1, 'unread']])
})

test('a token sends files of its own jobs only, and a reader sends none', async () => {
  const { job_id, id, offer } = await sampled(1)
  const file = png('')
  const refusals = {
    other_job: limited({ job_id: randomUUID() }),
    other_project: limited({ project: 'vision' }),
    scope_missing: limited({ scope: 'read' }),
    token_revoked: 'revoked' as const,
  }
  for (const [code, caller] of Object.entries(refusals)) {
    const sent = { caller }
    expect(await samplesOf(board.db, job_id, undefined, sent)).toMatchObject({ code })
    expect(await samplesOf(board.db, job_id, [offer(1, file)], sent)).toMatchObject({ code })
    expect(await sendFile(board.db, job_id, id(1), file, sent)).toMatchObject({ code })
  }
  expect(await states(job_id)).toEqual([[1, 'unread']])
  const own = { caller: limited({ project: 'asr' }) }
  expect(await sendFile(board.db, job_id, id(1), file, own)).toMatchObject({ status: 200 })
})

test('a sender that sends too many files must wait, and files take nothing from its journals', async () => {
  const { job_id, body, id } = await sampled(1)
  const rate = new SendingRate({ pieces: 1, bytes: 1 << 20 })
  const first = await sendFile(board.db, job_id, id(1), png(''), { rate })
  expect(first).toMatchObject({ status: 200 })
  const second = await sendFile(board.db, job_id, id(1), png(''), { rate })
  expect(second).toMatchObject({ status: 429, code: 'too_fast', retry: expect.any(String) })
  const later = { offset: bytes(body) }
  expect(await send(board.db, job_id, imageAt(2), later)).toMatchObject({ status: 200 })
})

test('a sample that only has an epoch gets the step of its checkpoint', async () => {
  const { job_id, text } = journal(1)
  const at = { type: 'sample', attempt: 0, step: null, epoch: 2, prompt_index: 0, kind: 'image' }
  const save = {
    type: 'checkpoint',
    attempt: 0,
    step: 80,
    epoch: 2,
    path: 'step-80',
    files_state: 'complete',
  }
  await send(board.db, job_id, text + line({ ...at, path: pathAt(0) }) + line(save))
  expect(await rows(job_id)).toMatchObject([{ step: 80, step_from: 'epoch' }])
})
