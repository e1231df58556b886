import { expect, test } from 'vitest'
import { sharedRead } from './sharedRead.ts'

/** A database that no other test uses. */
const newDatabase = () => ({
  sql: (() => undefined) as never as Parameters<typeof sharedRead>[0]['sql'],
})

/** Reads that end on request, each with its number. */
function slowReads() {
  const begun: PromiseWithResolvers<{ read: number }>[] = []
  const read = () => {
    begun.push(Promise.withResolvers())
    return begun.at(-1)!.promise
  }
  const end = (index: number) => begun[index]!.resolve({ read: index })
  return { begun, read, end }
}

test('callers that ask while a read runs get the result of one read that starts after they asked', async () => {
  const [db, { begun, read, end }] = [newDatabase(), slowReads()]
  const first = sharedRead(db, ['list', { job_id: 'a' }], read)
  const late = Array.from({ length: 100 }, () => sharedRead(db, ['list', { job_id: 'a' }], read))
  expect(begun).toHaveLength(1)
  end(0)
  expect(await first).toEqual({ read: 0 })
  await Promise.resolve()
  await expect.poll(() => begun.length).toBe(2)
  end(1)
  const answers = new Set(await Promise.all(late))
  expect([...answers]).toEqual([{ read: 1 }])
})

test('a caller gets its own read if no read runs', async () => {
  const [db, { begun, read, end }] = [newDatabase(), slowReads()]
  for (const index of [0, 1, 2]) {
    const answer = sharedRead(db, ['list', { job_id: 'a' }], read)
    end(index)
    expect(await answer).toEqual({ read: index })
  }
  expect(begun).toHaveLength(3)
})

test('another input, another database and a failed read are not shared', async () => {
  const [db, { begun, read, end }] = [newDatabase(), slowReads()]
  const answers = [
    sharedRead(db, ['list', { job_id: 'a' }], read),
    sharedRead(db, ['list', { job_id: 'b' }], read),
    sharedRead(db, ['names', { job_id: 'a' }], read),
    sharedRead(newDatabase(), ['list', { job_id: 'a' }], read),
  ]
  expect(begun).toHaveLength(4)
  const late = sharedRead(db, ['list', { job_id: 'a' }], read)
  begun[0]!.reject(new Error('away'))
  await expect(answers[0]).rejects.toThrow('away')
  await expect.poll(() => begun.length).toBe(5)
  for (const index of [1, 2, 3, 4]) end(index)
  expect(await late).toEqual({ read: 4 })
  await Promise.all(answers.slice(1))
})
