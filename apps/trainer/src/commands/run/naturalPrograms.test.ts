import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import type { TrainingJobStatus } from '@bestmark/core'
import { listJobs, selectionOf } from '@bestmark/db'
import { expect, onTestFailed } from 'vitest'
import { agentOf, testBoard } from '../../board/testing.ts'
import { CLIENT, PROGRAM_ENV, python, real, why } from '../../sources/programsTesting.ts'
import { bestmark, eventually } from '../../testing.ts'

const here = testBoard()

/** Programs whose script names their folders, and these folders in order of their names. */
const NATURAL = [
  ['HuggingFace with its progress bar', 'natural_huggingface.py', ['results/hf']],
  [
    'Lightning with a table, and then without a logger',
    'natural_lightning.py',
    ['lightning_logs/version_0', 'models/bare'],
  ],
  ['Keras', 'natural_keras.py', ['output/keras']],
  ['plain PyTorch', 'natural_loop.py', ['weights']],
  ['SummaryWriter', 'natural_writer.py', ['']],
  ["Bestmark's client", 'natural_client.py', ['runs/one']],
  [
    'two runs as Ultralytics writes them',
    'natural_sweep.py',
    ['runs/detect/train', 'runs/detect/train2'],
  ],
  ['HuggingFace outside of the working directory', 'natural_elsewhere.py', ['../elsewhere/hf']],
] as const

/** Runs a program in a new working directory; it pauses in its first run until `goOn`. */
async function started(name: string, script: string) {
  const cwd = await mkdtemp(join(here.path, 'natural-'))
  const go = join(cwd, '..', `${name.replaceAll(/\W/g, '')}.go`)
  const elsewhere = join(here.path, 'elsewhere')
  await mkdir(elsewhere, { recursive: true })
  const shared = { NATURAL_GO: go, NATURAL_ELSEWHERE: elsewhere }
  const env = { ...here.env, ...PROGRAM_ENV, INIT_CWD: cwd, ...shared }
  const program = [python ?? '', join(CLIENT, 'programs', script)]
  const ended = bestmark(['run', '--name', name, '--', ...program], { env, cwd })
  const jobs = async (): Promise<TrainingJobStatus[]> => {
    const found = (await listJobs(here.board.db, {})).jobs.filter((job) => {
      return job.name === name || job.name.startsWith(`${name}/`)
    })
    return found.sort((one, other) => (one.output_dir < other.output_dir ? -1 : 1))
  }
  return { cwd, ended, jobs, goOn: () => writeFile(go, '') }
}

for (const [name, script, folders] of NATURAL) {
  real(
    `a real program whose script names its folder is recorded there while it trains and after: ${name}${why}`,
    async () => {
      // As on a board that is up, an agent follows the same jobs.
      await using _agent = agentOf(here.board)
      const { cwd, ended, jobs, goOn } = await started(name, script)
      const first = join(cwd, folders[0])
      // The time limit of a test shows nothing about its cause.
      onTestFailed(async () => {
        const found = [await jobs(), await readdir(cwd, { recursive: true })]
        throw new Error(inspect(found, { depth: 3 }))
      })
      const isTooEarly = ended.then(({ code, stderr }) => {
        throw new Error(`The program ended with ${code} before it was seen: ${stderr}`)
      })
      const seen = eventually(async () => {
        const [job] = await jobs()
        return job?.output_dir === first && job.best_checkpoint_path !== null ? job : undefined
      })
      const live = await Promise.race([seen, isTooEarly])
      expect(live).toMatchObject({ name, status: 'running' })
      expect(live.best_checkpoint_path).toContain(first)
      await goOn()
      const { code, stderr } = await ended
      expect(code).toBe(0)
      expect(stderr).not.toContain('No log or checkpoint')
      const after = await jobs()
      expect(after.map(({ output_dir }) => output_dir)).toEqual(
        folders.map((folder) => join(cwd, folder)),
      )
      expect(after[0]?.job_id).toBe(live.job_id)
      for (const { job_id, status, output_dir, best_checkpoint_path, ...job } of after) {
        expect(status).toBe('completed')
        expect(best_checkpoint_path).toContain(output_dir)
        if (folders.length > 1) {
          expect(job.name).toBe(`${name}/${output_dir.slice(cwd.length + 1)}`)
        }
        const selection = await selectionOf(here.board.db, job_id)
        expect(selection?.best?.value).toBeTypeOf('number')
      }
    },
  )
}

real(
  `a real program that crashed and resumes in a folder of its script is one job with all epochs${why}`,
  async () => {
    const cwd = await mkdtemp(join(here.path, 'resumed-'))
    const env = { ...here.env, ...PROGRAM_ENV, INIT_CWD: cwd }
    const program = [python ?? '', join(CLIENT, 'programs', 'natural_resume.py')]
    const run = () =>
      bestmark(['run', '--name', 'resumed', '--project', cwd, '--', ...program], { env, cwd })
    const jobs = async () => (await listJobs(here.board.db, { project: cwd })).jobs
    expect((await run()).code).toBe(1)
    const [crashed] = await jobs()
    expect(crashed).toMatchObject({ status: 'failed', current_step: 3 })
    const { code, stderr } = await run()
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('No log or checkpoint')])
    const output_dir = join(cwd, 'output/run')
    expect(await jobs()).toMatchObject([
      { job_id: crashed?.job_id, status: 'completed', current_step: 6, output_dir },
    ])
  },
)
