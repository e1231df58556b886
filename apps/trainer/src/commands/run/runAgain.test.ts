import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSeries } from '@bestmark/db'
import { beforeAll, expect, test } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { hasLiveProcess } from '../../processes/mark.ts'
import { OUTPUT } from '../../sources/output/runOutput.ts'
import { eventually } from '../../testing.ts'
import { command } from '../testing.ts'

const here = testBoard()

/**
 * A program that prints its steps with their total, and appends them to a table. It waits for a file
 * before its last step. It may write the table only at its end (`late`), and remove its folder at its
 * start, with a new folder (`replaced`) or without (`removed`).
 */
const PROGRAM = `
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
const [folder, first, last, mode] = process.argv.slice(2)
if (mode === 'replaced' || mode === 'removed') {
  // The command may write a file there meanwhile.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
}
if (mode === 'replaced') mkdirSync(folder)
const rows = []
const row = (line) => {
  rows.push(line)
  if (mode !== 'late' && mode !== 'removed') appendFileSync(folder + '/metrics.csv', line)
}
if (first === '1') row('epoch,step,train_loss,val_loss\\n')
for (let step = Number(first); step <= Number(last); step++) {
  console.log(JSON.stringify({ step, total_steps: 40, loss: 1 / step, throughput: step }))
  row('0,' + (step - 1) + ',' + 1 / step + ',' + 2 / step + '\\n')
  const isWaiting = () => step === Number(last) - 1 && !existsSync(folder + '.go' + first)
  while (isWaiting()) await new Promise((next) => setTimeout(next, 20))
}
if (mode === 'late') writeFileSync(folder + '/metrics.csv', rows.join(''))
`

let program: string
beforeAll(async () => {
  program = join(here.path, 'table.mjs')
  await writeFile(program, PROGRAM)
})

const run = (name: string, ...options: (string | number)[]) => {
  const folder = join(here.path, name)
  const words = ['run', '--name', name, '--folder', folder, '--', 'node', program, folder]
  return command([...words, ...options.map(String)], { env: here.env })
}

const goOn = (name: string, first: number) => writeFile(join(here.path, `${name}.go${first}`), '')

/** A job once it is at a step, with its evaluation if one is expected. */
const jobAt = (name: string, step: number, eval_loss: number | null = 2 / step) =>
  eventually(async () => {
    const found = await here.jobNamed(name)
    return found?.current_step === step && found.eval_loss === eval_loss ? found : undefined
  })

async function stepsOf(job_id: string, name: string): Promise<number[]> {
  const [series] = await readSeries(here.board.db, job_id, { names: [name], points: 100 })
  return [...(series?.steps ?? [])]
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

test('a second run in a folder continues the job of its files, live', async () => {
  const firstRun = run('again', 1, 6)
  const first = await jobAt('again', 5)
  await goOn('again', 1)
  expect((await firstRun).code).toBe(0)
  expect(await jobAt('again', 6)).toMatchObject({ status: 'completed' })

  const secondRun = run('again', 7, 12)
  const second = await eventually(async () => {
    const found = await jobAt('again', 11)
    return found.status === 'running' ? found : undefined
  })
  expect(second).toMatchObject({ job_id: first.job_id, ended_at: null })
  await goOn('again', 7)
  expect((await secondRun).code).toBe(0)
  expect(await jobAt('again', 12)).toMatchObject({ job_id: first.job_id, status: 'completed' })
  for (const name of ['loss', 'throughput']) {
    expect(await stepsOf(first.job_id, name)).toEqual(upTo(12))
  }
})

test('--name renames the existing job of a folder, which keeps its project and says so', async () => {
  await goOn('first name', 1)
  expect((await run('first name', 1, 3)).code).toBe(0)
  const { job_id } = await jobAt('first name', 3)
  const folder = join(here.path, 'first name')
  await goOn('first name', 4)
  const names = ['--name', 'second name', '--project', 'second']
  const words = ['run', ...names, '--folder', folder, '--', 'node', program, folder]
  const { code, stderr } = await command([...words, '4', '6'], { env: here.env })
  expect(code).toBe(0)
  expect(stderr).toContain('second name: The job stays in project "bestmark".')
  expect(await jobAt('second name', 6)).toMatchObject({ job_id, project: 'bestmark' })
})

test('files that a program writes at its end are recorded when the command exits', async () => {
  const running = run('late', 1, 6, 'late')
  const job = await jobAt('late', 5, null)
  await goOn('late', 1)
  expect((await running).code).toBe(0)
  expect(await jobAt('late', 6)).toMatchObject({ status: 'completed' })
  expect(await stepsOf(job.job_id, 'throughput')).toEqual(upTo(6))
})

test('a program that replaces its folder is followed in the new one, with its whole log', async () => {
  const running = run('replaced folder', 1, 6, 'replaced')
  const job = await jobAt('replaced folder', 5)
  expect(job).toMatchObject({ status: 'running' })
  const folder = join(here.path, 'replaced folder')
  await eventually(async () => hasLiveProcess(folder) || undefined)
  await goOn('replaced folder', 1)
  expect((await running).code).toBe(0)
  expect(await jobAt('replaced folder', 6)).toMatchObject({ status: 'completed' })
  const marks = (await readFile(join(folder, OUTPUT), 'utf8')).match(/^bestmark run: .*/gm)
  expect(marks).toMatchObject([/started/, /completed/].map((word) => expect.stringMatching(word)))
  expect(await stepsOf(job.job_id, 'throughput')).toEqual(upTo(6))
})

test('if a program removes its folder, its log is restored there', async () => {
  const running = run('folder removed', 1, 6, 'removed')
  await goOn('folder removed', 1)
  expect((await running).code).toBe(0)
  const job = await jobAt('folder removed', 6, null)
  expect(job).toMatchObject({ status: 'completed' })
  expect(await stepsOf(job.job_id, 'loss')).toEqual(upTo(6))
})
