import { expect, test } from 'vitest'
import { sharedRead } from './sharedRead.ts'

/** A database that is nobody else's. */
const own = () => ({ sql: (() => undefined) as never as Parameters<typeof sharedRead>[0]['sql'] })

/** Reads that end when they are let go, each telling which one it was. */
function slowReads() {
  const begun: PromiseWithResolvers<{ read: number }>[] = []
  const read = () => {
    begun.push(Promise.withResolvers())
    return begun.at(-1)!.promise
  }
  const end = (index: number) => begun[index]!.resolve({ read: index })
  return { begun, read, end }
}

test('callers that ask while a read runs are answered by one read that began after they asked', async () => {
  const [db, { begun, read, end }] = [own(), slowReads()]
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

test('who asks when nothing runs is answered by a read of its own', async () => {
  const [db, { begun, read, end }] = [own(), slowReads()]
  for (const index of [0, 1, 2]) {
    const answer = sharedRead(db, ['list', { job_id: 'a' }], read)
    end(index)
    expect(await answer).toEqual({ read: index })
  }
  expect(begun).toHaveLength(3)
})

test('another question, another database or a failed read is nobody else’s', async () => {
  const [db, { begun, read, end }] = [own(), slowReads()]
  const answers = [
    sharedRead(db, ['list', { job_id: 'a' }], read),
    sharedRead(db, ['list', { job_id: 'b' }], read),
    sharedRead(db, ['names', { job_id: 'a' }], read),
    sharedRead(own(), ['list', { job_id: 'a' }], read),
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
