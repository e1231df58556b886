import { expect, test } from 'vitest'
import { fileAnswer } from './fileAnswer.ts'

const FILE = { content: Uint8Array.of(1, 2, 3, 4, 5), media_type: 'audio/wav' }

async function answered(range: string | null) {
  const answer = fileAnswer(FILE, range)
  const bytes = [...new Uint8Array(await answer.arrayBuffer())]
  return { status: answer.status, bytes, range: answer.headers.get('content-range') }
}

test('without a range the whole file is sent', async () => {
  expect(await answered(null)).toEqual({ status: 200, bytes: [1, 2, 3, 4, 5], range: null })
  expect(await answered('lines=1-2')).toMatchObject({ status: 200 })
})

test('a player gets the range that it asks for', async () => {
  const tail = { status: 206, bytes: [4, 5], range: 'bytes 3-4/5' }
  expect(await answered('bytes=3-')).toEqual(tail)
  expect(await answered('bytes=3-99')).toEqual(tail)
  expect(await answered('bytes=1-2')).toMatchObject({ bytes: [2, 3], range: 'bytes 1-2/5' })
  expect(await answered('bytes=5-')).toEqual({ status: 416, bytes: [], range: 'bytes */5' })
})

test('a file runs nothing where it is opened', () => {
  const policy = fileAnswer(FILE, null).headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain('sandbox')
})
