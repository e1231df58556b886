import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from './testing.ts'

const FIXTURE = fileURLToPath(new URL('../sources/fixtures/trackers/mlflow.sql', import.meta.url))

const here = testBoard()

test("every run of MLflow's store is one job, also after a second import", async () => {
  const path = join(here.path, 'mlflow.db')
  {
    using database = new DatabaseSync(path)
    database.exec(await readFile(FIXTURE, 'utf8'))
  }
  const run = (...words: string[]) => command(words, { cwd: here.path, env: here.env })
  const first = await run('import', 'mlflow.db', '--json')
  expect(first).toMatchObject({ code: 0, stderr: '' })
  const jobs = first.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(jobs).toMatchObject([
    { name: 'second is best', project: 'digits', status: 'completed', current_step: 400 },
    { name: 'broke', project: 'digits', status: 'failed', loss: 'Infinity' },
  ])
  expect(await run('import', 'mlflow.db', '--json')).toEqual(first)
  const moved = await run('import', 'mlflow.db', '--project', 'other')
  expect(moved.stderr.match(/The job stays in project "digits"/g)).toHaveLength(2)
  expect((await run('jobs', '--json')).stdout.trimEnd().split('\n')).toHaveLength(2)
})
