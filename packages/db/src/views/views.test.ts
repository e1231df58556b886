import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { Refused } from '../values/refused.ts'
import { listViews, MOST_VIEWS, removeView, saveView } from './views.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const names = async () => (await listViews(db)).map(({ name }) => name)

test('a view is saved by name, replaced under its name, and removed', async () => {
  await saveView(db, { name: 'lora', query: 'tag=lora' })
  await saveView(db, { name: 'asr', query: 'project=asr' })
  await Promise.all([1, 2, 3].map(() => saveView(db, { name: 'lora', query: 'tag=r16' })))
  const views = await listViews(db)
  expect(views).toMatchObject([
    { name: 'asr', query: 'project=asr' },
    { name: 'lora', query: 'tag=r16' },
  ])
  for (const { view_id } of views) await removeView(db, view_id)
  expect(await names()).toEqual([])
})

test('the number of views on a board is limited', async () => {
  for (let index = 0; index < MOST_VIEWS; index++)
    await saveView(db, { name: `${index}`, query: '' })
  await expect(saveView(db, { name: 'more', query: '' })).rejects.toThrow(Refused)
  await saveView(db, { name: '0', query: 'tag=x' })
  expect(await names()).toHaveLength(MOST_VIEWS)
})
