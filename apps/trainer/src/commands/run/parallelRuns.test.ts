import { copyFile, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { listCheckpoints, listJobs } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { importRun } from '../../recording/importRun.ts'
import { OUTPUT } from '../../sources/output/runOutput.ts'
import { bestmark } from '../../testing.ts'

const here = testBoard()

/**
 * A program that prints its epochs, and saves weights in its folder after each. It starts once all
 * programs of the test run, and ends once all have written everything.
 */
const PROGRAM = `
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
const [name, count, ...words] = process.argv.slice(2)
const all = async (what) => {
  writeFileSync(what + '-' + name, '')
  while (readdirSync('.').filter((file) => file.startsWith(what + '-')).length < Number(count))
    await new Promise((next) => setTimeout(next, 20))
}
const header = JSON.stringify({ weight: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }).padEnd(64)
const save = (path) => {
  const bytes = Buffer.alloc(8 + 64 + 4)
  bytes.writeBigUInt64LE(64n)
  bytes.write(header, 8)
  writeFileSync(path, bytes)
}
await all('started')
const folders = (process.env.FOLDERS ?? words.at(-1)).split(',')
for (const folder of folders) {
  mkdirSync(folder, { recursive: true })
  for (const [index, loss] of [5, 3, 4, 6].entries()) {
    console.log('Epoch ' + (index + 1) + '/4 - train loss: 1.5 - val loss: ' + (loss + name.length))
    save(folder + '/epoch_' + (index + 1) + '.safetensors')
    await new Promise((next) => setTimeout(next, 300))
  }
}
await all('ended')
`

interface Program {
  name: string
  words?: string[]
  /** The folders that only its script names. */
  folders?: string[]
}

/** Runs programs at the same time in one working directory; returns what the board has of each. */
async function ranTogether(programs: readonly Program[]) {
  const cwd = await mkdtemp(join(here.path, 'together-'))
  await writeFile(join(cwd, 'train.mjs'), PROGRAM)
  const ended = programs.map(async ({ name, words = [], folders }) => {
    const FOLDERS = folders && { FOLDERS: folders.join() }
    const env = { ...here.env, INIT_CWD: cwd, ...FOLDERS }
    const argv = ['node', 'train.mjs', name, `${programs.length}`, ...words]
    const ran = await bestmark(['run', '--name', name, '--project', cwd, '--', ...argv], {
      env,
      cwd,
    })
    return { ...ran, name }
  })
  const all = await Promise.all(ended)
  const { jobs } = await listJobs(here.board.db, { project: cwd })
  const found = all.map(async ({ name, stderr, code }) => {
    expect(code).toBe(0)
    const job = jobs.find((one) => one.name === name)!
    const checkpoints = await listCheckpoints(here.board.db, job.job_id)
    return { ...job, stderr, paths: checkpoints.map(({ path }) => path) }
  })
  expect(jobs).toHaveLength(programs.length)
  return { cwd, jobs: await Promise.all(found) }
}

const epochs = [1, 2, 3, 4].map((epoch) => `epoch_${epoch}.safetensors`)

test.each([[2], [3]])(
  '%i programs at once in one working directory each have the weights of the folder in their arguments',
  async (count) => {
    const programs = Array.from({ length: count }, (_, index) => {
      return { name: `par${index}`, words: ['--out', `runs/par${index}`] }
    })
    const { cwd, jobs } = await ranTogether(programs)
    expect(jobs).toMatchObject(
      programs.map(({ name }) => ({
        output_dir: join(cwd, 'runs', name),
        best_checkpoint_path: join(cwd, 'runs', name, 'epoch_2.safetensors'),
        paths: epochs,
      })),
    )
    expect(await readdir(join(cwd, 'runs'))).toEqual(programs.map(({ name }) => name))
  },
)

test('weights that may be those of another program are nobody’s, and the command that adds them is printed', async () => {
  const programs = ['a', 'b'].map((name) => ({ name, folders: [`out/${name}`] }))
  const { cwd, jobs } = await ranTogether(programs)
  for (const { output_dir, paths, best_checkpoint_path, stderr } of jobs) {
    expect(dirname(output_dir)).toBe(join(here.env.BESTMARK_HOME, 'runs'))
    expect([paths, best_checkpoint_path]).toEqual([[], null])
    expect(stderr).toContain(`Several runs may have written to ${cwd}/out/a, ${cwd}/out/b, so`)
    expect(stderr).toContain(`cp ${output_dir}/${OUTPUT} FOLDER && bestmark import FOLDER`)
  }
  // The command works.
  await copyFile(join(jobs[0]!.output_dir, OUTPUT), join(cwd, 'out/a', OUTPUT))
  expect(await importRun(here.board, join(cwd, 'out/a'), {})).toMatchObject({
    best_checkpoint_path: join(cwd, 'out/a/epoch_2.safetensors'),
  })
})

test('a folder that only a script names is the run of its program if the other program has its own', async () => {
  const { cwd, jobs } = await ranTogether([
    { name: 'named', words: ['--out', 'runs/named'] },
    { name: 'script', folders: ['weights'] },
  ])
  expect(jobs).toMatchObject([
    { output_dir: join(cwd, 'runs/named'), paths: epochs },
    { output_dir: join(cwd, 'weights'), paths: epochs },
  ])
})

test('the folder above the weights of several trainings of one program is no run', async () => {
  const folders = ['out/seed0', 'out/seed1']
  const { cwd, jobs } = await ranTogether([{ name: 'seeds', folders }])
  for (const { paths, output_dir, stderr } of jobs) {
    expect(output_dir).not.toBe(join(cwd, 'out'))
    expect(stderr).toContain('Several runs may have written')
    expect(paths.filter((path) => path.includes('seed'))).toEqual([])
  }
})
