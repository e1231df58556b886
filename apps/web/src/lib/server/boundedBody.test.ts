import { expect, test } from 'vitest'
import { boundedBody } from './boundedBody.ts'

const url = 'http://localhost/trpc/jobs.stop'

function streamed(...chunks: string[]): Request {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const text of chunks) controller.enqueue(new TextEncoder().encode(text))
      controller.close()
    },
  })
  // Node needs it for a stream; the type does not have it.
  return new Request(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
}

test('a body without a length is read up to the limit', async () => {
  expect(await (await boundedBody(streamed('12', '345'), 5))?.text()).toBe('12345')
  expect(await boundedBody(streamed('12', '3456'), 5)).toBeUndefined()
})

test('a body with a length was checked before', async () => {
  const known = new Request(url, {
    method: 'POST',
    body: '123456',
    headers: { 'content-length': '6' },
  })
  expect(await boundedBody(known, 5)).toBe(known)
  const none = new Request(url)
  expect(await boundedBody(none, 5)).toBe(none)
})
