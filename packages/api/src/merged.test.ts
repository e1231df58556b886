import { expect, test } from 'vitest'
import { merged } from './merged.ts'

const ignore = (): void => undefined

async function* listed<T>(...values: T[]): AsyncGenerator<T, void> {
  yield* values
}

async function listOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}

test('the values of all sources come, each source in its order', async () => {
  const values = await listOf(
    merged<number>([listed(1, 2, 3), listed(10, 20), listed<number>()], ignore),
  )
  expect(values.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 10, 20])
  expect(values.filter((value) => value < 10)).toEqual([1, 2, 3])
  expect(await listOf(merged([], ignore))).toEqual([])
})

test('a source that waits does not delay another one', async () => {
  const silent = Promise.withResolvers<void>()
  async function* waiting(): AsyncGenerator<number, void> {
    await silent.promise
    yield 99
  }
  const all = merged([waiting(), listed(1, 2)], ignore)
  expect([(await all.next()).value, (await all.next()).value]).toEqual([1, 2])
  silent.resolve()
  expect((await all.next()).value).toBe(99)
  expect((await all.next()).done).toBe(true)
})

test('a source makes no value before its last one is taken', async () => {
  let made = 0
  async function* counted(): AsyncGenerator<number, void> {
    for (;;) yield ++made
  }
  const all = merged([counted()], ignore)
  await all.next()
  await all.next()
  await new Promise(setImmediate)
  expect(made).toBe(2)
  await all.return()
})

test('an error of one source comes after the values before it, and stops the others', async () => {
  async function* broken(): AsyncGenerator<number, void> {
    yield 1
    throw new Error('no database')
  }
  let stopped = 0
  const silent = Promise.withResolvers<void>()
  async function* waiting(): AsyncGenerator<number, void> {
    await silent.promise
    yield 2
  }
  const all = merged([broken(), waiting()], () => {
    stopped += 1
    silent.resolve()
  })
  expect((await all.next()).value).toBe(1)
  await expect(all.next()).rejects.toThrow('no database')
  expect(stopped).toBe(1)
})

test('a reader that stops stops the sources', async () => {
  let stopped = 0
  const all = merged([listed(1, 2)], () => (stopped += 1))
  for await (const value of all) {
    expect(value).toBe(1)
    break
  }
  expect(stopped).toBe(1)
})
