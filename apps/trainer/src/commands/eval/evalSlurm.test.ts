import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { slurmWith } from '../../slurm/jobsTesting.ts'
import { hasSlurm, PATIENCE, why } from '../../slurm/testing.ts'
import { BESTMARK, eventually, writeOutput } from '../../testing.ts'
import { command } from '../testing.ts'
import { growingRun } from './growingRunTesting.ts'

const here = testBoard()
const { call } = slurmWith(here)
const STEPS = [100, 200, 300]

/** Measures the step in a checkpoint's name. Step 200 fails, or hangs. */
const SCRIPT = `
const [path, how] = process.argv.slice(2)
const step = Number(path.split('-').at(-1))
console.error('evaluating', step, 'in', process.env.SLURM_JOB_NAME)
if (step === 200 && how === 'fail') process.exit(4)
if (step === 200 && how === 'hang') setInterval(() => {}, 1000)
else console.log(JSON.stringify({ accuracy: step / 1000, words: process.argv.length }))
`

async function output(name: string, how: string) {
  const root = join(here.path, name)
  await mkdir(root)
  await writeOutput(root, { saves: STEPS, log: STEPS.map((step) => ({ step, eval_loss: step })) })
  const script = join(root, 'measure.mjs')
  await writeFile(script, SCRIPT)
  const program = ['--', process.execPath, script, '{checkpoint}', how]
  const words = (...more: string[]) => ['eval', root, '--launcher', 'slurm', ...more, ...program]
  return { root, words }
}

/** Starts a command as a process, with all that it prints. */
function started(words: string[]) {
  const env = { ...process.env, ...here.env }
  const child = spawn(BESTMARK, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const printed: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => printed.push(piece.toString()))
  const ended = once(child, 'close').then(([code]) => code as number)
  const match = (pattern: RegExp) =>
    eventually(async () => pattern.exec(printed.join(''))?.[1] || undefined)
  return { child, ended, match, text: () => printed.join('') }
}

test.skipIf(!hasSlurm)(
  `each checkpoint is measured in a job of Slurm, with its log and how it ended${why}`,
  { timeout: PATIENCE },
  async () => {
    const { root, words } = await output('jobs', "it's $HOME #")
    const ran = await command([...words('--json')], { env: here.env })
    expect(ran.code).toBe(0)
    const lines = ran.stdout.trimEnd().split('\n')
    const measured = lines.map((line) => JSON.parse(line)).sort((a, b) => a.step - b.step)
    expect(measured.map(({ step, values }) => [step, values])).toEqual(
      STEPS.map((step) => [step, { accuracy: step / 1000, words: 4 }]),
    )
    for (const { log, step } of measured) {
      expect(await readFile(log.replace('.out.', '.err.'), 'utf8')).toBe(
        `evaluating ${step} in eval-checkpoint-${step}\n`,
      )
    }
    expect(ran.stderr).toMatch(/checkpoint-300: Slurm job \d+ /)
    const scores = await readFile(join(root, 'bestmark-scores.jsonl'), 'utf8')
    expect(scores.trimEnd().split('\n')).toHaveLength(STEPS.length)
  },
)

test.skipIf(!hasSlurm)(
  `a job that fails, one that Slurm refuses and one at its time limit say why${why}`,
  { timeout: PATIENCE },
  async () => {
    const failing = await output('failing', 'fail')
    const failed = await command(failing.words('--at-once', '2'), { env: here.env })
    expect(failed.code).toBe(2)
    expect(failed.stderr).toContain('1 of 3 failed: checkpoint-200.')
    expect(failed.stderr).toContain('ended with exit code 4. Its last line: evaluating 200')
    const nowhere = failing.words('--again', '--at-once=1', '--sbatch=--partition=nope')
    const refused = await command(nowhere, { env: here.env })
    expect(refused.stderr).toContain('Invalid partition name')
    expect(refused.stderr).not.toContain('2 of 3')
    const { words } = await output('late', 'hang')
    const late = started(words('--only', '200'))
    const number = await late.match(/Slurm job (\d+) runs/)
    await call('scontrol', 'update', `JobId=${number}`, 'EndTime=now')
    expect(await late.ended).toBe(2)
    expect(late.text()).toContain('was ended early: Slurm ended it at its time limit')
  },
)

test.skipIf(!hasSlurm)(
  `a waiting job says why, and Ctrl-C cancels what waits and what runs${why}`,
  { timeout: PATIENCE },
  async () => {
    const { words } = await output('stopped', 'hang')
    for (const [only, option, state] of [
      ['100', '--hold', /Slurm job (\d+) waits \(JobHeldUser\)/],
      ['200', '--no-requeue', /Slurm job (\d+) runs/],
    ] as const) {
      const run = started(words('--only', only, `--sbatch=${option}`))
      const number = await run.match(state)
      run.child.kill('SIGINT')
      expect(await run.ended).toBe(130)
      expect(run.text()).toContain('was stopped')
      const shown = await call('scontrol', 'show', 'job', String(number))
      expect(shown).toContain('JobState=CANCELLED')
    }
  },
)

test.skipIf(!hasSlurm)(
  `with --follow the checkpoints that a run saves meanwhile are measured in Slurm, too${why}`,
  { timeout: PATIENCE },
  async () => {
    const { root, add, saves, steps, scored } = await growingRun(join(here.path, 'growing'))
    const script = join(root, 'measure.mjs')
    await writeFile(script, SCRIPT)
    const program = ['--', process.execPath, script, '{checkpoint}']
    const words = ['eval', root, '--follow', '--launcher', 'slurm', ...program]
    const evaluating = command(words, { env: here.env })
    await saves(100)
    await scored(100)
    for (const step of [200, 300]) await saves(step)
    add({ type: 'ended', status: 'completed', error: null })
    expect((await evaluating).code).toBe(0)
    expect(steps().sort()).toEqual(STEPS)
  },
)

test('options of Slurm are refused without it', async () => {
  const root = join(here.path, 'refused')
  await mkdir(root)
  await writeOutput(root, { saves: STEPS, log: [] })
  const rest = ['--', 'true', '{checkpoint}']
  for (const option of ['--sbatch=--mem=1G', '--at-once=2']) {
    const { code, stderr } = await command(['eval', root, option, ...rest], { env: here.env })
    expect([code, stderr]).toEqual([2, expect.stringContaining('only works with --launcher slurm')])
  }
  const words = ['eval', root, '--launcher=slurm', '--sbatch=mem', ...rest]
  expect((await command(words, { env: here.env })).stderr).toContain('an option of sbatch')
})
