import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jobDetail, listJobs } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { command } from '../testing.ts'

const here = testBoard()

/** A program that prints three more steps. It keeps its position in its working directory, if it may. */
const PROGRAM = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
const isResumed = process.argv[2] !== 'anew' && existsSync('position')
const begin = isResumed ? Number(readFileSync('position', 'utf8')) : 0
if (isResumed) console.log('resuming from step ' + begin)
for (let step = begin + 1; step <= begin + 3; step++) {
  console.log(JSON.stringify({ step, loss: 1 / step, eval_loss: 2 / step }))
}
writeFileSync('position', String(begin + 3))
if (begin === 0) process.exitCode = 1
`

async function directory() {
  const cwd = await mkdtemp(join(here.path, 'printing-'))
  await writeFile(join(cwd, 'train.mjs'), PROGRAM)
  const run = async (words: string, ...options: string[]): Promise<string> => {
    const argv = ['run', '--project', cwd, ...options, '--', ...words.split(' ')]
    return (await command(argv, { env: here.env, cwd })).stderr
  }
  const jobs = async () => (await listJobs(here.board.db, { project: cwd })).jobs
  return { cwd, run, jobs }
}

test('if a program that only prints goes on after an earlier run, its end says how to compare and to join', async () => {
  const { run, jobs } = await directory()
  expect(await run('node train.mjs')).not.toContain('It may continue')
  const [first] = await jobs()
  const stderr = await run('node train.mjs')
  const [id, folder] = [first?.job_id ?? '', first?.output_dir ?? '']
  const second = (await jobs()).find(({ job_id }) => job_id !== id)
  expect(stderr).toContain(
    `This run begins at step 4. It may continue node (${id}), an earlier run of the same ` +
      `command, which ended at step 3. They are two jobs. To compare them: bestmark compare ${id} ` +
      `${second?.job_id}. To continue a run in its job: bestmark run --folder ${folder} -- COMMAND`,
  )

  // The command does what the sentence says.
  await run('node train.mjs', '--folder', folder)
  expect(await jobs()).toHaveLength(2)
  const continued = (await jobs()).find(({ job_id }) => job_id === id)
  expect(continued).toMatchObject({ status: 'completed', current_step: 9 })
  expect((await jobDetail(here.board.db, id))?.attempts).toHaveLength(2)
})

test('a run of another command, of another folder, or from the first step again continues none', async () => {
  const [one, other] = [await directory(), await directory()]
  await one.run('node train.mjs')
  await writeFile(join(other.cwd, 'position'), '3')
  expect(await other.run('node train.mjs')).not.toContain('It may continue')
  expect(await one.run('node train.mjs more')).not.toContain('It may continue')
  await other.run('node train.mjs anew')
  expect(await other.run('node train.mjs anew')).not.toContain('It may continue')
})
