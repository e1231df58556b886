import { mkdir, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listSamples, sampleContent } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Board } from '../board/board.ts'
import { openJournal } from '../journal/write.ts'
import { temporaryFolder, writeOutput } from '../testing.ts'
import { kohyaName, pngOf } from '../samples/testing.ts'
import { importRun } from './importRun.ts'
import { recordSampleFiles } from './sampleFiles.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const RED = pngOf(255, 0, 0)

/** Imports a folder and lists its samples. */
async function imported(root: string) {
  const board: Board = {
    ...{ db, home: root, host: 'here', host_id: crypto.randomUUID() },
    [Symbol.asyncDispose]: async () => {},
  }
  const { job_id } = await importRun(board, root, {})
  const { samples } = await listSamples(db, job_id)
  return { job_id, samples }
}

/** A run with checkpoints at steps 100 and 200, which are the ends of epochs 1 and 2. */
async function aRun(folder: string): Promise<string> {
  const root = join(folder, 'run')
  const log = [100, 200].map((step) => ({ step, eval_loss: 3 - step / 100, epoch: step / 100 }))
  await writeOutput(root, { saves: [100, 200], log })
  return root
}

async function write(root: string, path: string, content: string | Uint8Array = RED) {
  await mkdir(join(root, path, '..'), { recursive: true })
  await writeFile(join(root, path), content)
}

test('images in the folder of samples of kohya belong to the steps in their names', async () => {
  await using folder = await temporaryFolder()
  const root = await aRun(folder.path)
  for (const step of [100, 200])
    for (const prompt of [0, 1]) await write(root, `sample/${kohyaName(step, prompt)}`)
  const { job_id, samples } = await imported(root)
  expect(samples.map(({ step, prompt_index }) => [step, prompt_index])).toEqual([
    ...[100, 200].flatMap((step) => [0, 1].map((prompt) => [step, prompt])),
  ])
  const [first] = samples
  expect(first).toMatchObject({ step_from: 'name', content_state: 'stored', kind: 'image' })
  const stored = await sampleContent(db, job_id, first?.sample_id ?? '')
  expect(stored).toEqual({ content: new Uint8Array(RED), media_type: 'image/png' })
})

test('an image named by its epoch gets the step of its checkpoint, which is called inferred', async () => {
  await using folder = await temporaryFolder()
  const root = await aRun(folder.path)
  await write(root, `sample/${kohyaName('e2', 0)}`)
  await write(root, `sample/${kohyaName('e9', 0)}`)
  const { samples } = await imported(root)
  expect(samples).toMatchObject([
    { step: null, epoch: 9, step_from: 'name' },
    { step: 200, epoch: 2, step_from: 'epoch' },
  ])
})

test('prompts without a number are counted by their names, the same at every step', async () => {
  await using folder = await temporaryFolder()
  const root = await aRun(folder.path)
  for (const step of [100, 200])
    for (const name of ['owl', 'fox'])
      await write(root, `validation_images/step_${step}_${name}_64x64.png`)
  const { samples } = await imported(root)
  expect(samples.map(({ step, prompt_index, path }) => [step, prompt_index, path])).toEqual(
    [100, 200].flatMap((step) =>
      ['fox', 'owl'].map((name, index) => [
        ...[step, index, `validation_images/step_${step}_${name}_64x64.png`],
      ]),
    ),
  )
})

test('a second import adds new files, and repeats none', async () => {
  await using folder = await temporaryFolder()
  const root = await aRun(folder.path)
  await write(root, `sample/${kohyaName(100, 0)}`)
  expect((await imported(root)).samples).toHaveLength(1)
  await write(root, `sample/${kohyaName(200, 0)}`)
  expect((await imported(root)).samples.map(({ step }) => step)).toEqual([100, 200])
})

test('a journal names its samples, and its steps are more reliable than file names', async () => {
  await using folder = await temporaryFolder()
  const header = { journal: 1, job_id: crypto.randomUUID(), name: 'moby', project: '' } as const
  {
    using journal = openJournal(folder.path, { ...header, recipe: null })
    const of = { type: 'sample', attempt: 0, step: 7 } as const
    journal.append({ type: 'started', attempt: 0, at: 1 })
    journal.append({ ...of, kind: 'text', prompt: 'Call me', text: 'Call me Ishmael' })
    journal.append({ ...of, kind: 'image', prompt_index: 1, path: 'samples/step_500.png' })
  }
  await write(folder.path, 'samples/step_500.png')
  const { samples } = await imported(folder.path)
  expect(samples).toMatchObject([
    { step: 7, kind: 'text', prompt: 'Call me', text: 'Call me Ishmael' },
    { step: 7, kind: 'image', prompt_index: 1, step_from: 'log', content_state: 'stored' },
  ])
  expect(samples).toHaveLength(2)
})

test('hostile files are never shown: each says why', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'run')
  const secret = join(folder.path, 'secret.png')
  await writeFile(secret, RED)
  await write(
    root,
    'step_1.png',
    '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
  )
  await write(root, 'step_2.png', '')
  await truncate(join(root, 'step_2.png'), 100 << 20)
  await symlink(secret, join(root, 'step_3.png'))
  await write(root, 'a\nb.png')
  const paths = ['step_1.png', 'step_2.png', 'step_3.png', secret, '../secret.png', 'gone.png']
  const header = { journal: 1, job_id: crypto.randomUUID(), name: 'moby', project: '' } as const
  {
    using journal = openJournal(root, { ...header, recipe: null })
    journal.append({ type: 'started', attempt: 0, at: 1 })
    const all = [...paths, 'a\nb.png', '.']
    all.forEach((path, step) =>
      journal.append({ type: 'sample', attempt: 0, step, kind: 'image', path }),
    )
  }
  const old = new Date(Date.now() - 60_000)
  await utimes(join(root, 'step_1.png'), old, old)
  const { job_id, samples } = await imported(root)
  expect(samples.map(({ content_state }) => content_state)).toEqual([
    ...['not_media', 'too_large', 'outside', 'outside', 'outside', 'missing'],
    ...['stored', 'outside'],
  ])
  const [, large] = samples
  expect(large?.bytes).toBe(100 << 20)
  for (const { sample_id } of samples.slice(0, 6)) {
    expect(await sampleContent(db, job_id, sample_id)).toBeUndefined()
  }
})

test('a file that is still being written is stored once it is whole', async () => {
  await using folder = await temporaryFolder()
  const root = await aRun(folder.path)
  const path = `sample/${kohyaName(100, 0)}`
  await write(root, path, RED.subarray(0, 30))
  expect((await imported(root)).samples).toMatchObject([{ content_state: 'unread' }])
  await write(root, path)
  expect((await imported(root)).samples).toMatchObject([{ content_state: 'stored' }])
})

test('a recorder stores files that are added or completed later, and does nothing if none was', async () => {
  await using folder = await temporaryFolder()
  const root = await aRun(folder.path)
  const { job_id } = await imported(root)
  const run = { job_id, folder: root }
  const pass = async () => {
    const isChanged = await recordSampleFiles(db, run)
    const { samples } = await listSamples(db, job_id)
    return [isChanged, samples.map(({ content_state }) => content_state)]
  }
  expect(await pass()).toEqual([false, []])
  const path = `sample/${kohyaName(100, 0)}`
  await write(root, path, RED.subarray(0, 30))
  expect(await pass()).toEqual([true, ['unread']])
  for (const _ of [1, 2]) expect(await pass()).toEqual([false, ['unread']])
  await write(root, path)
  expect(await pass()).toEqual([true, ['stored']])
  await pass()
  expect(await pass()).toEqual([false, ['stored']])
  await write(root, `sample/${kohyaName(200, 0)}`)
  expect(await pass()).toEqual([true, ['stored', 'stored']])
})

test("ai-toolkit's names are read too", async () => {
  await using folder = await temporaryFolder()
  const root = await aRun(folder.path)
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xff, 0xd9])
  await write(root, 'samples/1700000000000__000000100_0.jpg', jpeg)
  const { samples } = await imported(root)
  expect(samples).toMatchObject([{ step: 100, media_type: 'image/jpeg', content_state: 'stored' }])
})
