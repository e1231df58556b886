import { boardToken } from '@bestmark/db'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { boardAddress } from './boardAddress.ts'

test("the address in messages is the board's own name without its token", async () => {
  await using home = await temporaryFolder()
  const token = await boardToken(home.path)
  const address = await boardAddress(home.path, 4173, {})()
  expect(address).toMatch(/^http:\/\/bestmark-[0-9a-f]+\.localhost:4173$/)
  expect(address).not.toContain(token)
})

test('BESTMARK_URL is the address in messages, and must be a web address', async () => {
  await using home = await temporaryFolder()
  const of = (BESTMARK_URL: string) => boardAddress(home.path, 4173, { BESTMARK_URL })
  expect(await of('https://board.example')()).toBe('https://board.example')
  expect(() => of('board.example')).toThrow('BESTMARK_URL must begin with http:// or https://')
})
