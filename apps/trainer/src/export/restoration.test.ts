import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { TrainingEvent, JOURNAL } from '@bestmark/core'
import {
  advanceDeployment,
  changePolicy,
  createDeployment,
  EXPORTED,
  hostedJobs,
  jobDetail,
  listDeployments,
  endUnseenJob,
  jobStatus,
  liveDeployments,
  noteJob,
  pinCheckpoints,
  record,
  recordFacts,
  shippedCheckpoints,
  sourceCursor,
  currentFiles,
  tagJobs,
} from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importExport } from './restoration.ts'
import { exportHeader } from './exportHeader.ts'
import { boardOf, fileOf, rowsOf, storedJob } from './testing.ts'
import { importRun } from '../recording/importRun.ts'
import { shipNext } from '../shipping/shipping.ts'
import { temporaryFolder, writeOutput } from '../testing.ts'

let here: TestDatabase
let there: TestDatabase
beforeAll(async () => {
  here = await testDatabase()
  there = await testDatabase()
})
afterAll(async () => {
  await here[Symbol.asyncDispose]()
  await there[Symbol.asyncDispose]()
})

const more = (job_id: string, ...events: object[]) =>
  recordFacts(
    here,
    job_id,
    events.map((event) => TrainingEvent.parse(event)),
  )

const GIF = Buffer.from('GIF89a;').toString('base64')

/** A run on a board that has everything: resumes, repeats, NaN, scores, pins, a policy. */
async function aRun(folder: string) {
  const board = boardOf(here, folder)
  const root = join(folder, `run-${randomUUID()}`)
  const log = [100, 200, 300].flatMap((step): Record<string, number>[] => [
    { step, loss: 3 - step / 200, learning_rate: 1 / step },
    { step, eval_loss: step === 200 ? NaN : step / 100, epoch: step / 100 },
  ])
  await writeOutput(root, { saves: [100, 200, 300], log })
  const { job_id } = await importRun(board, root, {})
  const values = { eval_f1: 0.5, eval_loss: 7 }
  const score = { values: { mmlu: 0.7 }, scored_by: 'ana', directions: { mmlu: 'max' } }
  const again = { attempt: 1, step: 250, epoch: 2.5 }
  await more(
    job_id,
    { type: 'started', attempt: 1, at: 5_000, resumed_from: 200, config: { lr: 0.1 } },
    ...[210, 220].map((step) => ({
      ...{ type: 'metrics', attempt: 1, at: 5_000 + step, step },
      values: { loss: step === 210 ? NaN : 1, grad_norm: Infinity },
    })),
    { type: 'evaluation', ...again, at: 6_000, values, samples: 100, lines: { eval_loss: 3 } },
    { type: 'evaluation', ...again, at: 6_100, values, origin: { file: 'a.json', line: 4 } },
    { type: 'evaluation', attempt: 0, step: 100, ...score },
    { type: 'log', attempt: 1, at: 6_200, step: 250, level: 'sample', text: 'Call me Ishmael' },
    { type: 'sample', attempt: 1, step: 250, kind: 'image', path: 'a.gif', content: GIF },
    { type: 'ended', attempt: 1, at: 7_000, status: 'failed', error: 'out of memory' },
  )
  const [first] = await currentFiles(here, job_id)
  await pinCheckpoints(here, job_id, { checkpoint_ids: [first!.checkpoint_id], pinned: true })
  await ship(job_id, { done: true })
  await ship(job_id, { done: false })
  await changePolicy(here, { job_id }, { policy: 'lowest_eval_loss', options: {} }, 'ben')
  await tagJobs(here, [job_id], { add: ['lora', 'r16'] })
  await noteJob(here, job_id, 'warm restart')
  const policy = { policy: 'metric', options: { metric: 'mmlu' } } as const
  await changePolicy(here, { job_id }, policy, 'ana')
  return { board, root, job_id }
}

/** Ships the last complete checkpoint, or fails to. */
async function ship(job_id: string, { done }: { done: boolean }) {
  const whole = (await currentFiles(here, job_id)).findLast((row) => row.files_state === 'complete')
  const { checkpoint_id } = whole!
  const order = { job_id, checkpoint_id, model_name: done ? 'moby' : 'failing', why: 'newer' }
  const { deployment_id } = await createDeployment(here, order)
  const end = done
    ? ({ status: 'done', absolute_path: '/models/moby' } as const)
    : ({ status: 'failed', error: 'the disk is full' } as const)
  await advanceDeployment(here, { job_id, deployment_id, bytes_done: 1, bytes_total: 2, ...end })
}

test('every row of a job is restored, except columns that belong to the board', async () => {
  await using folder = await temporaryFolder()
  const { board, job_id } = await aRun(folder.path)
  const { path, header } = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  await importExport({ ...boardOf(there, folder.path), host: board.host }, path, header, {})
  const before = await rowsOf(here, job_id)
  for (const [table, rows] of Object.entries(before)) expect([table, rows]).not.toEqual([table, []])
  expect(await rowsOf(there, job_id)).toEqual(before)
})

test('an export does not change tags and a note of this board', async () => {
  await using folder = await temporaryFolder()
  const { board, job_id } = await aRun(folder.path)
  const one = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  const other = boardOf(there, folder.path)
  await importExport(other, one.path, one.header, {})
  await noteJob(there, job_id, 'of this board')
  await tagJobs(there, [job_id], { add: ['new'] })
  await noteJob(here, job_id, 'of the other board')
  const two = await fileOf(board, job_id, join(folder.path, 'two.jsonl'))
  await importExport(other, two.path, two.header, {})
  const { note, tags } = (await jobStatus(there, job_id))!
  expect({ note, tags }).toEqual({ note: 'of this board', tags: ['lora', 'r16', 'new'] })
})

test('a run that ended unseen is restored with its status and reason, not as lost', async () => {
  await using folder = await temporaryFolder()
  const board = boardOf(here, folder.path)
  const root = join(folder.path, `run-${randomUUID()}`)
  await writeOutput(root, { saves: [100], log: [{ step: 100, eval_loss: 1 }] })
  const { job_id } = await importRun(board, root, {})
  await more(job_id, { type: 'started', attempt: 1, at: 5_000 })
  await endUnseenJob(here, job_id, () => 'No new lines since 23:04 UTC.')
  const { path, header } = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  await importExport(boardOf(there, folder.path), path, header, {})
  const { status, error } = (await jobStatus(there, job_id))!
  expect({ status, error }).toEqual({ status: 'stopped', error: 'No new lines since 23:04 UTC.' })
})

test('restored shipments are history: their checkpoints are never pruned, and none is live', async () => {
  await using folder = await temporaryFolder()
  const { board, job_id } = await aRun(folder.path)
  const { path, header } = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  const other = boardOf(there, folder.path)
  await importExport(other, path, header, {})
  const [failed, done] = await listDeployments(there, { job_id })
  expect(done).toMatchObject({
    model_name: 'moby',
    status: 'elsewhere',
    absolute_path: '/models/moby',
  })
  expect(failed).toMatchObject({ status: 'failed', error: 'the disk is full' })
  expect(await shippedCheckpoints(there, job_id)).toEqual(new Set([done!.checkpoint_id]))
  expect(await liveDeployments(there, { job_id })).toEqual([])
  const again = await fileOf(other, job_id, join(folder.path, 'two.jsonl'))
  await importExport(other, again.path, again.header, {})
  expect(await listDeployments(there, { job_id })).toEqual([failed, done])
})

test("a project's policy is restored only if the board has none", async () => {
  await using folder = await temporaryFolder()
  const project = randomUUID()
  const root = join(folder.path, project)
  await writeOutput(root, { saves: [100], log: [{ step: 100, eval_loss: 1 }] })
  const board = boardOf(here, folder.path)
  const { job_id } = await importRun(board, root, { project })
  const lowest = { policy: 'lowest_eval_loss', options: {} } as const
  await changePolicy(here, { project }, lowest, 'ana')
  const { path, header } = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  const other = boardOf(there, folder.path)
  expect(await importExport(other, path, header, {})).toMatchObject({ isPolicyIgnored: false })
  expect(await jobDetail(there, job_id)).toMatchObject({ policy_from: 'project' })
  expect(await storedJob(there, job_id)).toMatchObject({ policies: [{ by: 'ana', ...lowest }] })
  const policy = { policy: 'metric', options: { metric: 'eval_loss', direction: 'max' } } as const
  await changePolicy(there, { project }, policy, 'ben')
  const second = await fileOf(board, job_id, join(folder.path, 'two.jsonl'))
  expect(await importExport(other, second.path, second.header, {})).toMatchObject({
    isPolicyIgnored: true,
    job: { selection_policy: 'metric' },
  })
})

test('an exported job is the same on another board: series, repeats, scores, states, pins, policy', async () => {
  await using folder = await temporaryFolder()
  const { board, job_id } = await aRun(folder.path)
  const { path, header } = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  const other = { ...boardOf(there, folder.path), host: board.host }
  await importExport(other, path, header, {})
  expect(await storedJob(there, job_id)).toEqual(await storedJob(here, job_id))
  const before = (await jobDetail(there, job_id))?.revision
  await importExport(other, path, header, {})
  expect((await jobDetail(there, job_id))?.revision).toBe(before)
})

test('an import that continues after a crash restores pins; later imports do not', async () => {
  await using folder = await temporaryFolder()
  const { board, job_id } = await aRun(folder.path)
  const { path, header } = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  const other = { ...boardOf(there, folder.path), host: board.host }
  await importExport(other, path, header, {})
  const pins = async () => (await currentFiles(there, job_id)).filter(({ pinned }) => pinned)
  const checkpoint_ids = (await pins()).map(({ checkpoint_id }) => checkpoint_id)
  expect(checkpoint_ids).not.toEqual([])
  await pinCheckpoints(there, job_id, { checkpoint_ids, pinned: false })
  await importExport(other, path, header, {})
  expect(await pins()).toEqual([])
  // The state after an import that died once all events were recorded.
  const from = await sourceCursor(there, job_id, EXPORTED)
  const to = from!.replace(':restored', '')
  await record(there, job_id, { source: EXPORTED, from, to, events: [] })
  await importExport(other, path, header, {})
  expect(await pins()).toHaveLength(checkpoint_ids.length)
})

test('an export of an export is the same, and a later one replaces the earlier', async () => {
  await using folder = await temporaryFolder()
  const { board, job_id } = await aRun(folder.path)
  const first = await fileOf(board, job_id, join(folder.path, 'first.jsonl'))
  const other = boardOf(there, folder.path)
  await importExport(other, first.path, first.header, {})
  const second = await fileOf(other, job_id, join(folder.path, 'second.jsonl'))
  const once = await storedJob(there, job_id)
  await importExport(other, second.path, second.header, {})
  expect(await storedJob(there, job_id)).toEqual(once)
})

test('without the run its files are missing; a board that recorded the run is not changed', async () => {
  await using folder = await temporaryFolder()
  const { board, job_id } = await aRun(folder.path)
  const { path } = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  const header = exportHeader(path)!
  const elsewhere = { ...header, exported: { ...header.exported, root: '/nowhere/at/all' } }
  const other = { ...boardOf(there, folder.path), host_id: board.host_id }
  const { job } = await importExport(other, path, elsewhere, { name: 'copy' })
  expect(job).toMatchObject({ name: 'copy', best_checkpoint_path: null, eval_loss: 7 })
  const [row] = await currentFiles(there, job_id)
  expect(row).toMatchObject({ files_state: 'missing', files_why: 'nothing is at its path' })
  const before = (await jobDetail(here, job_id))?.revision
  expect((await importExport(board, path, header, {})).isRecordedHere).toBe(true)
  expect((await jobDetail(here, job_id))?.revision).toBe(before)
})

test("the run's folder, imported after its export, replaces the export", async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'run')
  await writeOutput(root, { saves: [100], log: [{ step: 100, eval_loss: 1 }] })
  const board = boardOf(here, folder.path)
  const { job_id } = await importRun(board, root, {})
  const { path, header } = await fileOf(board, job_id, join(folder.path, JOURNAL))
  const other = { ...boardOf(there, folder.path), host_id: board.host_id }
  await importExport(other, path, header, {})
  await importRun(other, root, {})
  expect(await storedJob(there, job_id)).toEqual(await storedJob(here, job_id))
})

test('a root of another host is not a root of this one, and no file is shipped for an export', async () => {
  await using folder = await temporaryFolder()
  const { board, root, job_id } = await aRun(folder.path)
  const { path, header } = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  await rm(root, { recursive: true })
  const other = { ...boardOf(there, folder.path), host: 'there' }
  const { host_id: _missing, ...older } = header.exported
  for (const exported of [header.exported, older]) {
    const { job } = await importExport(other, path, { ...header, exported }, {})
    expect(job.host).toBe('here')
    expect(await hostedJobs(there, other.host_id)).toEqual([])
  }
  const whole = (await currentFiles(there, job_id)).find((row) => row.files_state === 'complete')
  const shipment = { job_id, checkpoint_id: whole!.checkpoint_id, model_name: 'moby' }
  await expect(createDeployment(there, shipment)).rejects.toThrow("Import the run's folder")
})

test('a queued shipment of an exported job fails', async () => {
  await using folder = await temporaryFolder()
  const { board, job_id } = await aRun(folder.path)
  const { path, header } = await fileOf(board, job_id, join(folder.path, 'one.jsonl'))
  const other = { ...boardOf(there, folder.path), host_id: board.host_id }
  await importExport(other, path, header, {})
  await there.sql`
    insert into deployments (job_id, deployment_id, checkpoint_id, is_best, reason, model_name, status,
      created_at, revision)
    select job_id, gen_random_uuid(), checkpoint_id, is_best, reason, model_name, 'queued',
      created_at, revision
    from deployments where job_id = ${job_id} limit 1`
  const never = new AbortController().signal
  expect(await shipNext(there, board.host_id, folder.path, never)).toBe(true)
  const errors = (await listDeployments(there, { job_id })).map(({ error }) => error)
  expect(errors).toContainEqual(expect.stringContaining('was imported from an export file'))
})
