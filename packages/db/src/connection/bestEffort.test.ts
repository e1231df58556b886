import { expect, test } from 'vitest'
import { bestEffort } from './bestEffort.ts'

test('closing never throws, and waits only a limited time', async () => {
  const closings: (() => Promise<unknown>)[] = [
    () => Promise.reject(new Error('57P03')),
    () => {
      throw new Error('before it began')
    },
    () => new Promise(() => undefined),
  ]
  for (const closing of closings) await expect(bestEffort(closing, 20)).resolves.toBeUndefined()
})

test('if closing fails, the result or the first error stays', async () => {
  const close = () => Promise.reject(new Error('closing'))
  const used = async (work: () => number): Promise<number> => {
    await using _thing = { [Symbol.asyncDispose]: () => bestEffort(close) }
    return work()
  }
  await expect(used(() => 7)).resolves.toBe(7)
  const fail = (): never => {
    throw new Error('first')
  }
  await expect(used(fail)).rejects.toThrow(/^first$/)
})
