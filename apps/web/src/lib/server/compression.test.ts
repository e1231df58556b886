import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compressed } from './compression.ts'

const TEXT = 'eval_loss 2.2285 '.repeat(200)
const html = { 'content-type': 'text/html; charset=utf-8' }

function asking(accepted: string): Request {
  return new Request('http://localhost/', { headers: { 'accept-encoding': accepted } })
}

async function bytesOf(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer())
}

test('an answer is in brotli, in gzip or not compressed, as its reader accepts', async () => {
  const ask = (accepted: string) =>
    compressed(asking(accepted), new Response(TEXT, { status: 201, headers: html }))
  const br = await ask('gzip, deflate, br')
  expect([br.status, br.headers.get('content-encoding')]).toEqual([201, 'br'])
  expect(br.headers.get('vary')).toBe('accept-encoding')
  const packed = await bytesOf(br)
  expect(br.headers.get('content-length')).toBe(String(packed.length))
  expect(packed.length).toBeLessThan(TEXT.length / 10)
  expect(brotliDecompressSync(packed).toString()).toBe(TEXT)
  expect(gunzipSync(await bytesOf(await ask('gzip'))).toString()).toBe(TEXT)
  for (const accepted of ['', 'identity', 'br;q=0, gzip; q=0.0']) {
    const plain = await ask(accepted)
    expect(plain.headers.has('content-encoding')).toBe(false)
    expect(await plain.text()).toBe(TEXT)
  }
})

test('live streams, short answers and compressed answers are sent unchanged', async () => {
  const stream = new Response(TEXT, { headers: { 'content-type': 'text/event-stream' } })
  expect(await compressed(asking('br'), stream)).toBe(stream)
  const packed = new Response(TEXT, { headers: { ...html, 'content-encoding': 'gzip' } })
  expect(await compressed(asking('br'), packed)).toBe(packed)
  const short = await compressed(asking('br'), new Response('short', { headers: html }))
  expect([short.headers.has('content-encoding'), await short.text()]).toEqual([false, 'short'])
})

test('an answer without a body keeps its headers', async () => {
  const headers = { ...html, etag: '"1"' }
  const answer = new Response(null, { status: 304, headers })
  expect(await compressed(asking('br'), answer)).toBe(answer)
})
