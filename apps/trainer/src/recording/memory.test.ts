import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jobLogs, listCheckpoints, jobDetail, selectionOf } from '@bestmark/db'
import { readStoredRows } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { weightsOf, writeOutput } from '../testing.ts'
import { stateDigest } from '../sources/scores/scoreEvents.ts'
import { appendScores } from '../sources/scores/scoresFile.ts'
import { importRun } from './importRun.ts'

const here = testBoard()

type Row = readonly [epoch: number, train: number, eval_loss: number]
const ROWS: Row[] = [
  [1, 0.9, 0.8],
  [2, 0.8, 0.7],
  [3, 0.7, 0.4],
  [4, 0.6, 0.5],
]

/** Writes a table, and weights of some epochs. */
async function train(root: string, rows: readonly Row[], saves: readonly number[] = []) {
  await mkdir(root, { recursive: true })
  const lines = ['epoch,train_loss,val_loss', ...rows.map((row) => row.join(','))]
  await writeFile(join(root, 'log.csv'), `${lines.join('\n')}\n`)
  for (const epoch of saves) {
    await writeFile(join(root, `model_${epoch}.safetensors`), weightsOf(epoch))
    const at = new Date(2026, 1, 1, 10, epoch)
    await utimes(join(root, `model_${epoch}.safetensors`), at, at)
  }
}

async function imported(root: string) {
  const { job_id } = await importRun(here.board, root, {})
  const { evaluations } = await readStoredRows(here.board.db, job_id)
  const values = evaluations.map(
    ([attempt, step, , value]) => `${attempt}: ${step} ${String(value)}`,
  )
  return { job_id, values, best: (await selectionOf(here.board.db, job_id))?.best }
}

const warnings = async (job_id: string) => {
  const logs = await jobLogs(here.board.db, job_id)
  return logs.filter(({ level }) => level === 'warning').map(({ text }) => text)
}

const filesOf = async (job_id: string) => {
  const rows = await listCheckpoints(here.board.db, job_id)
  return rows.map(({ attempt, path, files_state, files_why }) => {
    return `${attempt}: ${path} ${files_state}${files_why === null ? '' : ` (${files_why})`}`
  })
}

const EACH = [1, 2, 3, 4]

test('a table that was cut takes nothing back, and the job says once that it became shorter', async () => {
  const root = join(here.path, 'cut')
  await train(root, ROWS, EACH)
  const before = await imported(root)
  expect(before.best).toMatchObject({ step: 3, value: 0.4 })
  await train(root, ROWS.slice(0, 2))
  expect(await imported(root)).toEqual(before)
  expect(await imported(root)).toEqual(before)
  const text =
    'The log became shorter: it ends at step 2, and step 4 was recorded. The recorded values stay.'
  expect(await warnings(before.job_id)).toEqual([text])
  expect(await jobLogs(here.board.db, before.job_id, { level: 'warning' })).toMatchObject([
    { code: 'log_shorter', text },
  ])
  await train(root, [...ROWS, [5, 0.5, 0.3]], [5])
  const after = await imported(root)
  expect(after.job_id).toBe(before.job_id)
  expect(after.values).toEqual([...before.values, '0: 5 0.3'])
})

test('a table that goes on differently after a cut is a further attempt; untouched files stay where they were', async () => {
  const root = join(here.path, 'resumed')
  await train(root, ROWS, EACH)
  const before = await imported(root)
  await train(root, [...ROWS.slice(0, 2), [3, 0.75, 0.6], [4, 0.65, 0.3]])
  await writeFile(join(root, 'model_4.safetensors'), weightsOf(40))
  const after = await imported(root)
  expect(after.job_id).toBe(before.job_id)
  expect(after.values).toEqual([...before.values, '1: 3 0.6', '1: 4 0.3'])
  const detail = await jobDetail(here.board.db, before.job_id)
  expect(detail?.attempts).toMatchObject([{ resumed_from: null }, { resumed_from: 2 }])
  expect(await filesOf(before.job_id)).toEqual([
    '0: model_1.safetensors complete',
    '0: model_2.safetensors complete',
    '0: model_3.safetensors complete',
    '0: model_4.safetensors missing (overwritten by attempt 1)',
    '1: model_4.safetensors complete',
  ])
  expect(await imported(root)).toEqual(after)
})

test('a fresh training with other values at the same steps is another job, even if most columns are equal', async () => {
  const root = join(here.path, 'fresh')
  await train(root, ROWS, EACH)
  const before = await imported(root)
  await train(
    root,
    ROWS.map(([epoch, loss, value]) => [epoch, loss, value + 0.1]),
  )
  const other = await imported(root)
  expect(other.job_id).not.toBe(before.job_id)
  const { evaluations } = await readStoredRows(here.board.db, before.job_id)
  expect(evaluations).toHaveLength(4)
})

test.each([
  ['table', (root: string) => train(root, ROWS, EACH), 'model_3.safetensors'],
  [
    'state file',
    (root: string) =>
      writeOutput(root, {
        saves: [...EACH],
        log: ROWS.map(([step, , eval_loss]) => ({ step, eval_loss })),
        state: { max_steps: 4 },
      }),
    'checkpoint-3',
  ],
])('a removed checkpoint of a run with a %s keeps its row', async (name, write, path) => {
  const root = join(here.path, `removed ${name}`)
  await write(root)
  const { job_id, values } = await imported(root)
  await rm(join(root, path), { recursive: true })
  const after = await imported(root)
  expect(after).toMatchObject({ job_id, values, best: { step: 4 } })
  expect(await filesOf(job_id)).toContain(`0: ${path} missing (nothing is at its path)`)
  expect(await filesOf(job_id)).toHaveLength(4)
})

test('a resumed run whose old state files are replaced save by save is one further attempt, with its scores', async () => {
  const root = join(here.path, 'states')
  const write = (rows: readonly (readonly [step: number, eval_loss: number])[]) =>
    writeOutput(root, {
      saves: rows.map(([step]) => step),
      log: rows.map(([step, eval_loss]) => ({ step, eval_loss })),
      state: { max_steps: 9 },
    })
  const begin = [
    [1, 0.9],
    [2, 0.8],
  ] as const
  await write([...begin, [3, 0.7], [4, 0.6]])
  const before = await imported(root)
  await rm(root, { recursive: true })
  await write([...begin, [3, 0.65], [4, 0.55]])
  const weights = { path: 'checkpoint-2', attempt: 0, step: 2, values: { acc: 0.9 } }
  const state = await stateDigest(root, 'checkpoint-2')
  appendScores(root, [{ score: 1, at: 1, by: 'ana', state, ...weights }])
  const score = '0: 2 0.9'
  const resumed = await imported(root)
  expect(resumed.job_id).toBe(before.job_id)
  const own = [...before.values, '1: 3 0.65', '1: 4 0.55']
  expect(resumed.values.toSorted()).toEqual([...own, score].toSorted())
  await write([...begin, [3, 0.65], [4, 0.55], [5, 0.5]])
  const later = await imported(root)
  expect(later.values.toSorted()).toEqual([...own, score, '1: 5 0.5'].toSorted())
  const detail = await jobDetail(here.board.db, before.job_id)
  expect(detail?.attempts).toMatchObject([{ resumed_from: null }, { resumed_from: 2 }])
})

test('files that another run wrote are called overwritten, files that it removed are gone, and others stay', async () => {
  const root = join(here.path, 'another')
  await train(root, ROWS, EACH)
  const before = await imported(root)
  await train(root, [
    [1, 2.9, 2.8],
    [2, 2.8, 2.7],
  ])
  await writeFile(join(root, 'model_1.safetensors'), weightsOf(11))
  await rm(join(root, 'model_3.safetensors'))
  expect((await imported(root)).job_id).not.toBe(before.job_id)
  expect(await filesOf(before.job_id)).toEqual([
    '0: model_1.safetensors missing (overwritten by another run in this folder)',
    '0: model_2.safetensors complete',
    '0: model_3.safetensors missing (nothing is at its path)',
    '0: model_4.safetensors complete',
  ])
})
