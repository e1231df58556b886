import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSeries } from '@bestmark/db'
import { beforeAll, expect, test } from 'vitest'
import { testBoard } from '../boardTesting.ts'
import { bestmark, eventually } from '../testing.ts'

const here = testBoard()

/**
 * A program that prints its steps with their total, and writes them to a table that it goes on with.
 * With `late` it writes the table only as it ends; it waits for a file before its last step.
 */
const PROGRAM = `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
const [folder, first, last, late] = process.argv.slice(2)
const rows = []
const row = (line) => (late ? rows.push(line) : appendFileSync(folder + '/metrics.csv', line))
if (first === '1') row('epoch,step,train_loss,val_loss\\n')
for (let step = Number(first); step <= Number(last); step++) {
  console.log(JSON.stringify({ step, total_steps: 40, loss: 1 / step, throughput: step }))
  row('0,' + (step - 1) + ',' + 1 / step + ',' + 2 / step + '\\n')
  const isWaiting = () => step === Number(last) - 1 && !existsSync(folder + '/go' + first)
  while (isWaiting()) await new Promise((next) => setTimeout(next, 20))
}
writeFileSync(folder + '/metrics.csv', rows.join(''), { flag: 'a' })
`

let program: string
beforeAll(async () => {
  program = join(here.path, 'table.mjs')
  await writeFile(program, PROGRAM)
})

const run = (name: string, ...told: (string | number)[]) => {
  const folder = join(here.path, name)
  const words = ['run', '--name', name, '--folder', folder, '--', 'node', program, folder]
  return bestmark([...words, ...told.map(String)], { env: here.env })
}

const goOn = (name: string, first: number) => writeFile(join(here.path, name, `go${first}`), '')

/** A job once it is at a step. */
const jobAt = (name: string, step: number) =>
  eventually(async () => {
    const found = await here.jobNamed(name)
    return found?.current_step === step ? found : undefined
  })

async function stepsOf(job_id: string, name: string): Promise<number[]> {
  const [series] = await readSeries(here.board.db, job_id, { names: [name], points: 100 })
  return [...(series?.steps ?? [])]
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

test('a second run in a folder with files of its own is followed live as the same job', async () => {
  const firstRun = run('again', 1, 6)
  const first = await jobAt('again', 5)
  await goOn('again', 1)
  expect((await firstRun).code).toBe(0)
  expect(await jobAt('again', 6)).toMatchObject({ status: 'completed' })

  const secondRun = run('again', 7, 12)
  const second = await jobAt('again', 11)
  expect(second).toMatchObject({ job_id: first.job_id, status: 'running', ended_at: null })
  expect(second.eval_loss).toBe(2 / 11)
  await goOn('again', 7)
  expect((await secondRun).code).toBe(0)
  expect(await jobAt('again', 12)).toMatchObject({ job_id: first.job_id, status: 'completed' })
  for (const name of ['loss', 'throughput']) {
    expect(await stepsOf(first.job_id, name)).toEqual(upTo(12))
  }
})

test('files that a program writes as it ends are on the board when the command has ended', async () => {
  const running = run('late', 1, 6, 'late')
  const job = await jobAt('late', 5)
  expect(job.eval_loss).toBeNull()
  await goOn('late', 1)
  expect((await running).code).toBe(0)
  expect(await jobAt('late', 6)).toMatchObject({ status: 'completed', eval_loss: 2 / 6 })
  expect(await stepsOf(job.job_id, 'throughput')).toEqual(upTo(6))
})
