import type { ColumnKey } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareJobs } from '../comparison/compareJobs.ts'
import { Refused } from '../values/refused.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { event, newJob, recordEvents } from '../testRun.ts'
import { tagJobs } from './changeJobs.ts'
import { columnChoices } from './jobColumns.ts'
import { type JobQuery, listJobs } from './jobList.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

async function job(
  project: string,
  name: string,
  config: Record<string, unknown>,
  ...f1: unknown[]
): Promise<string> {
  const job_id = await newJob(db, { project, name })
  const values = f1.map((eval_f1, index) =>
    event({ type: 'evaluation', step: 100 * (index + 1), values: { eval_f1, eval_loss: 1 } }),
  )
  await recordEvents(db, job_id, event({ type: 'started', config }), ...values)
  return job_id
}

/** Names on all pages of two jobs. */
async function order(query: JobQuery): Promise<string[]> {
  const names: string[] = []
  let cursor: string | null = null
  do {
    const page = await listJobs(db, { ...query, cursor, limit: 2 })
    names.push(...page.jobs.map(({ name }) => name))
    cursor = page.next_cursor
  } while (cursor)
  return names
}

test("a column has each job's best or last value of a metric, as a comparison does, or an option", async () => {
  const project = 'cells'
  const a = await job(project, 'a', { optimizer: { lr: 0.1 }, seed: 1 }, 0.2, 0.9, 'NaN', 0.5)
  const b = await job(project, 'b', { optimizer: { lr: 0.01 }, seed: 1 })
  const columns: ColumnKey[] = ['best:eval_f1', 'last:eval_f1', 'config:optimizer.lr', 'last:none']
  const { cells } = await listJobs(db, { project, columns })
  expect(cells[a]).toEqual({ 'best:eval_f1': 0.9, 'last:eval_f1': 0.5, 'config:optimizer.lr': 0.1 })
  expect(cells[b]).toEqual({ 'config:optimizer.lr': 0.01 })
  const { comparison } = await compareJobs(db, { job_ids: [a, b] })
  const figures = comparison.runs.find(({ job_id }) => job_id === a)?.figures['eval_f1']
  expect(figures).toMatchObject({ max: 0.9, last: 0.5 })
})

test('columns in which the jobs differ come first, options before metrics', async () => {
  const a = await job('choices', 'a', { lr: 0.1, seed: 1 }, 0.2)
  const b = await job('choices', 'b', { lr: 0.2, seed: 1 }, 0.3)
  expect(await columnChoices(db, [a, b])).toEqual([
    { column: 'config:lr', differs: true },
    { column: 'best:eval_f1', differs: true },
    { column: 'last:eval_f1', differs: true },
    { column: 'config:seed', differs: false },
    { column: 'best:eval_loss', differs: false },
    { column: 'last:eval_loss', differs: false },
  ])
})

test('a list is ordered by any column in both directions, with jobs without a value last', async () => {
  const project = 'sorted'
  await job(project, 'a', { lr: 0.1, opt: 'sgd', 'a.b': 2 }, 0.2)
  await job(project, 'b', { lr: 10, opt: 'adam', 'a.b': 1 }, 0.9, 0.1)
  await job(project, 'c', { lr: 0.02, opt: null, a: { b: 3 } }, 'NaN')
  await job(project, 'd', {})
  const sorted = async (sort: ColumnKey) => [
    (await order({ project, sort })).join(''),
    (await order({ project, sort, descending: true })).join(''),
  ]
  expect(await sorted('config:lr')).toEqual(['cabd', 'bacd'])
  expect(await sorted('config:a.b')).toEqual(['bacd', 'cabd'])
  const [up, down] = await sorted('best:eval_f1')
  expect([up?.slice(0, 2), down?.slice(0, 2)]).toEqual(['ab', 'ba'])
  const [first, last] = await sorted('config:opt')
  expect([first?.slice(0, 2), last?.slice(0, 2)]).toEqual(['ba', 'ab'])
  expect((await order({ project, sort: "config:x' or true --" })).toSorted().join('')).toBe('abcd')
})

test('jobs of one project are listed together, and each page continues the one before', async () => {
  const tag = 'grouped'
  for (const [project, name, lr] of [
    ['p2', 'a', 1],
    ['p1', 'b', 3],
    ['p2', 'c', 2],
    ['p1', 'd', 4],
    ['p1', 'e', 5],
  ] as const) {
    const job_id = await job(project, name, { lr })
    await tagJobs(db, [job_id], { add: [tag] })
  }
  expect((await order({ tag, sort: 'name', group: 'project' })).join('')).toBe('bdeac')
  const sort = 'config:lr'
  const grouped = { tag, sort, group: 'project', descending: true } as const
  expect((await order(grouped)).join('')).toBe('edbca')
  const { next_cursor } = await listJobs(db, { ...grouped, limit: 1 })
  const other = listJobs(db, { tag, sort, descending: true, cursor: next_cursor })
  await expect(other).rejects.toThrow(Refused)
})
