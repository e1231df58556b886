import { join } from 'node:path'
import { archiveJobs, deleteJobs, recordFacts, tagJobs } from '@bestmark/db'
import { beforeAll, expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { writeOutput } from '../testing.ts'
import { command } from './testing.ts'

const here = testBoard()

const run = (...words: string[]) => command(words, { cwd: here.path, env: here.env })

/** The names that `bestmark jobs` lists, and its exit code. */
async function listed(...words: string[]): Promise<[code: number | null, names: string[]]> {
  const { code, stdout } = await run('jobs', '--json', ...words)
  const lines = stdout.split('\n').filter(Boolean)
  return [code, lines.map((line) => (JSON.parse(line) as { name: string }).name).sort()]
}

beforeAll(async () => {
  for (const name of ['kept', 'old', 'wrong']) {
    const log = [{ step: 1, eval_loss: 1 }]
    await writeOutput(join(here.path, name), { saves: [1], log })
  }
  await run('import', 'kept', '--project', 'sweep')
  await run('import', 'old', 'wrong')
  const { stdout } = await run('jobs', '--json')
  const ids = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; job_id: string })
      .map(({ name, job_id }) => [name, job_id]),
  )
  const { db } = here.board
  await tagJobs(db, [ids.get('kept') ?? ''], { add: ['good'] })
  await archiveJobs(db, [ids.get('old') ?? ''], true)
  await deleteJobs(db, [ids.get('wrong') ?? ''])
})

test('archived and deleted jobs are listed only if asked for', async () => {
  expect(await listed()).toEqual([0, ['kept']])
  expect(await listed('--show', 'archived')).toEqual([0, ['old']])
  expect(await listed('--show', 'deleted')).toEqual([0, ['wrong']])
  expect(await listed('--show', 'kept')).toEqual([0, ['kept', 'old']])
})

test('a project, a tag and a text choose the jobs; nothing to list is exit code 1', async () => {
  expect(await listed('--project', 'sweep')).toEqual([0, ['kept']])
  expect(await listed('--tag', 'good')).toEqual([0, ['kept']])
  expect(await listed('--search', 'KEP')).toEqual([0, ['kept']])
  expect(await listed('--project', 'other')).toEqual([1, []])
  expect(await listed('--tag', 'bad')).toEqual([1, []])
})

test('the jobs of a node and partition of Slurm are listed', async () => {
  const { job_id } = (await here.jobNamed('kept'))!
  const slurm = { job_id: '71', partition: 'gpu', node_list: 'n[01-03]' }
  const setup = { type: 'setup', attempt: 0, at: null, config: {}, environment: { slurm } } as const
  await recordFacts(here.board.db, job_id, [setup])
  const found = await listed('--search', 'node:n02 partition:gpu')
  expect(found).toEqual([0, ['kept']])
  expect(await listed('--search', 'node:n04')).toEqual([1, []])
})
