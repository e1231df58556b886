import { spawn } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { listJobs, readSeries, requestStop } from '@bestmark/db'
import { expect, test } from 'vitest'
import { agentOf, testBoard } from '../../board/testing.ts'
import { readRunProcess } from '../../processes/mark.ts'
import { isAlive } from '../../processes/alive.ts'
import { ERRORS, OUTPUT } from '../../sources/output/runOutput.ts'
import { BESTMARK, eventually } from '../../testing.ts'
import { command } from '../testing.ts'

const here = testBoard()

/** Starts the command as a process on the board, in its empty folder. */
const started = (words: readonly string[]) =>
  spawn(BESTMARK, words, { cwd: here.env.INIT_CWD, env: { ...process.env, ...here.env } })

/** A program that prints lines of the HuggingFace Trainer, of nanoGPT, and others. */
const PROGRAM = `
import { mkdirSync, writeFileSync } from 'node:fs'
const [folder, mode] = process.argv.slice(2)
process.stderr.write('\\r  0%|          | 0/20 [00:00<?, ?it/s]')
process.stderr.write('\\r 50%|#####     | 10/20 [00:01<00:01, 10.00it/s]\\n')
await new Promise((resolve) => setTimeout(resolve, 50))
console.log("{'loss': '1.5', 'grad_norm': 'nan', 'epoch': '0.5'}")
console.log("{'eval_loss': 0.75, 'eval_runtime': 1.0, 'epoch': 0.5}")
console.log(JSON.stringify({ step: 15, loss: 1.25, val_loss: 0.5 }))
mkdirSync(folder + '/checkpoint-15', { recursive: true })
writeFileSync(folder + '/checkpoint-15/model.bin', 'weights')
if (mode === 'wait') {
  process.on('SIGTERM', () => process.exit(mode === 'wait' ? 7 : 0))
  console.log('waiting')
  setInterval(() => undefined, 1000)
}
if (mode === 'deaf') {
  process.on('SIGTERM', () => console.log('no'))
  console.log('waiting')
  setInterval(() => undefined, 1000)
}
if (mode === 'fail') { console.error('out of memory'); process.exitCode = 3 }
`

async function program(): Promise<string> {
  const path = join(here.path, 'program.mjs')
  await writeFile(path, PROGRAM)
  return path
}

test("a program's output and checkpoints are recorded, and its output is shown", async () => {
  const folder = join(here.path, 'out')
  const words = [
    'run',
    '--name',
    'printed',
    '--',
    'node',
    await program(),
    folder,
    '--output_dir',
    folder,
  ]
  const { code, stdout, stderr } = await command(words, { env: here.env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) })
  expect(stdout).toContain("'eval_loss': 0.75")
  expect(stderr).toContain('10/20')
  expect(await readFile(join(folder, OUTPUT), 'utf8')).toContain('"val_loss":0.5')
  expect(await here.jobNamed('printed')).toMatchObject({
    status: 'completed',
    output_dir: folder,
    total_steps: 20,
    current_step: 15,
    loss: 1.25,
    eval_loss: 0.5,
    best_checkpoint_path: join(folder, 'checkpoint-15'),
  })
})

test("the command exits with a failed program's exit code, and the job has its error", async () => {
  const folder = join(here.path, 'failing')
  const words = [
    'run',
    '--name',
    'failing',
    '--folder',
    folder,
    '--',
    'node',
    await program(),
    folder,
    'fail',
  ]
  expect((await command(words, { env: here.env })).code).toBe(3)
  const job = await here.jobNamed('failing')
  expect(job).toMatchObject({ status: 'failed' })
  expect(job?.error).toContain('exit code 3; last output: out of memory')
})

test('stopping a job on the board sends SIGTERM to its program, then SIGKILL', async () => {
  const folder = join(here.path, 'deaf')
  const words = ['run', '--name', 'deaf', '--folder', folder, '--kill-after', '0.2']
  const all = [...words, '--', 'node', await program(), folder, 'deaf']
  const running = command(all, { env: here.env })
  const job = await eventually(async () => {
    const found = await here.jobNamed('deaf')
    return found?.eval_loss === 0.5 ? found : undefined
  })
  await requestStop(here.board.db, job.job_id)
  const { code, stdout } = await running
  expect(code).toBe(128 + 9)
  expect(stdout).toContain('no')
})

test('a signal to the command is passed to the program, whose exit code is returned', async () => {
  const folder = join(here.path, 'waiting')
  const words = [
    'run',
    '--name',
    'waiting',
    '--folder',
    folder,
    '--',
    'node',
    await program(),
    folder,
    'wait',
  ]
  const child = started(words)
  const printed = text(child.stdout)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (bytes: Buffer) => bytes.includes('waiting') && resolve())
  })
  // After the signal the command records for a few seconds only.
  await eventually(async () => (await here.jobNamed('waiting'))?.eval_loss === 0.5 || undefined)
  child.kill('SIGTERM')
  expect(await ended).toBe(7)
  expect(await printed).toContain('waiting')
  expect(await here.jobNamed('waiting')).toMatchObject({ status: 'failed' })
})

test('SIGUSR1 and SIGUSR2 are passed to the program, and do not end the command', async () => {
  const folder = join(here.path, 'signalled')
  const script = `
for (const name of ['SIGUSR1', 'SIGUSR2']) process.on(name, () => console.log('received ' + name))
process.on('SIGTERM', () => process.exit(5))
console.log('waiting')
setInterval(() => undefined, 1000)`
  const path = join(here.path, 'signalled.mjs')
  await writeFile(path, script)
  const words = ['run', '--folder', folder, '--', 'node', path]
  const child = started(words)
  let printed = ''
  child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const prints = (text: string) => eventually(async () => printed.includes(text) || undefined)
  await prints('waiting')
  for (const name of ['SIGUSR1', 'SIGUSR2'] as const) {
    child.kill(name)
    await prints(`received ${name}`)
  }
  child.kill('SIGTERM')
  expect(await ended).toBe(5)
})

/** A program that waits at a step for a file or for SIGTERM, and then ends. */
const STEPS = `
import { existsSync } from 'node:fs'
const [folder, last] = process.argv.slice(2)
process.on('SIGTERM', () => { console.log('stopping'); process.exit(1) })
for (let step = 1; step <= Number(last); step++) {
  console.log(JSON.stringify({ step, total_steps: 40, loss: 1 / step }))
  console.error('step ' + step)
  if (step === 10) while (!existsSync(folder + '/go')) await new Promise((next) => setTimeout(next, 20))
}
`

/** Kills the command at the tenth step of its program. */
async function orphaned(name: string, last = 40) {
  const folder = join(here.path, name)
  const path = join(here.path, 'steps.mjs')
  await writeFile(path, STEPS)
  const words = ['run', '--name', name, '--folder', folder, '--', 'node', path, folder, `${last}`]
  const child = started(words)
  const printed = text(child.stdout)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const job = await eventually(async () => {
    const found = await here.jobNamed(name)
    return found?.current_step === 10 ? found : undefined
  })
  const program = readRunProcess(folder)!
  process.kill(program.keeper!.pid, 'SIGKILL')
  await ended
  expect(isAlive(program)).toBe(true)
  const go = () => writeFile(join(folder, 'go'), '')
  const statusIs = (wanted: string) =>
    eventually(async () => ((await here.jobNamed(name))?.status === wanted ? true : undefined))
  return { job, folder, program, printed, go, statusIs }
}

test('a program survives a killed command, and each of its points is recorded once', async () => {
  const { job, folder, go, statusIs } = await orphaned('orphan')
  await go()
  await eventually(async () => {
    const errors = await readFile(join(folder, ERRORS), 'utf8')
    return errors.includes('step 40') || undefined
  })
  await using _agent = agentOf(here.board)
  await statusIs('completed')
  const [loss] = await readSeries(here.board.db, job.job_id, { names: ['loss'], points: 100 })
  expect([...loss!.steps]).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
})

test('without its command, the agent stops a program, and a program that ends without a reason has stopped', async () => {
  const { job, folder, statusIs } = await orphaned('orphan stopping')
  await using _agent = agentOf(here.board)
  await requestStop(here.board.db, job.job_id)
  await statusIs('stopped')
  expect(await readFile(join(folder, OUTPUT), 'utf8')).toContain('stopping')
  const other = await orphaned('orphan short', 20)
  await other.go()
  await other.statusIs('stopped')
  const { error } = (await here.jobNamed('orphan short'))!
  expect(error).toMatch(/^Its process has ended, .* No new lines since \d{4}-.* UTC\.$/)
})

test('a second program in the folder of a running program is refused', async () => {
  const { folder, go, program } = await orphaned('orphan alone')
  const words = ['run', '--folder', folder, '--', 'node', '-e', '0']
  const { code, stderr } = await command(words, { env: here.env })
  expect(code).toBe(2)
  expect(stderr).toContain(`process ${program.pid}`)
  await go()
})

test('stdout and stderr stay separate, and half a line is shown and kept', async () => {
  const script = `process.stdout.write('to be read by a program'); process.stderr.write('for people\\n')`
  const words = ['run', '--name', 'apart', '--', 'node', '-e', script]
  const { stdout, stderr } = await command(words, { env: here.env })
  expect(stdout).toBe('to be read by a program')
  expect(stderr).toContain('for people\n')
  const { output_dir } = (await here.jobNamed('apart'))!
  const kept = (await readFile(join(output_dir, OUTPUT), 'utf8')).split('\n')
  expect(kept[1]).toBe('to be read by a program')
  expect(kept[2]).toMatch(/^bestmark run: \S+ completed$/)
})

test('a missing command, or one that cannot be started, is an error of one sentence', async () => {
  const none = await command(['run', '--name', 'none'], { env: here.env })
  expect(none).toMatchObject({ code: 2 })
  expect(none.stderr).toContain('COMMAND… is missing. Write it after --.')
  for (const seconds of ['', 'soon', '9999999']) {
    const words = ['run', '--kill-after', seconds, '--', 'node']
    const { code, stderr } = await command(words, { env: here.env })
    expect(code).toBe(2)
    expect(stderr).toContain(
      `--kill-after must be a number of seconds, 0 to 2147482; got "${seconds}".`,
    )
  }
  for (const [program, why] of [
    ['no-such-program', 'there is no such program'],
    ['/dev/null/program', 'a folder was expected, but it is a file'],
    ['/dev', 'permission denied'],
  ] as const) {
    const { code, stderr } = await command(['run', '--', program], { env: here.env })
    expect(code).toBe(127)
    expect(stderr).toBe(`bestmark: Cannot start ${program}: ${why}.\n`)
  }
})

test('a program that cannot be started leaves no job and no file, and a folder as it was', async () => {
  const names = async () =>
    (await readdir(here.path, { recursive: true })).filter((name) => !name.includes('programs/'))
  const jobs = async () => (await listJobs(here.board.db, {})).total
  const folder = join(here.path, 'with a run')
  const words = (program: string[]) => [
    'run',
    '--name',
    'once',
    '--folder',
    folder,
    '--',
    ...program,
  ]
  await command(words(['node', '-e', 'console.log(1)']), { env: here.env })
  const before = [await jobs(), await names(), await readFile(join(folder, OUTPUT))]
  for (const into of [folder, join(here.path, 'new/folder'), undefined]) {
    const options = into === undefined ? [] : ['--folder', into]
    const typo = ['run', '--name', 'typo', ...options, '--', 'pythonx', 'foo.py']
    expect(await command(typo, { env: here.env })).toMatchObject({ code: 127 })
  }
  expect([await jobs(), await names(), await readFile(join(folder, OUTPUT))]).toEqual(before)
})
