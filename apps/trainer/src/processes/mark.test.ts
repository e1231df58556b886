import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readRunProcess, writeRunProcess } from './mark.ts'
import { isAlive, processStart } from './alive.ts'
import { spawnDetached } from './spawn.ts'

const FOREVER = ['-e', 'process.stdin.resume(); console.log("up"); setInterval(() => {}, 1e6)']

let folder: string
const children: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'process-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

test('a process runs until it is killed, and the same pid with another start time is another process', async () => {
  const child = spawn(process.execPath, FOREVER)
  children.push(child)
  await once(child, 'spawn')
  const mark = { pid: child.pid!, started_at: processStart(child.pid!)! }
  expect(isAlive(mark)).toBe(true)
  expect(isAlive({ ...mark, started_at: `${mark.started_at}0` })).toBe(false)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isAlive(mark)).toBe(false)
})

test('a zombie does not count as running', async () => {
  // The program that takes the shell's place never collects the shell's child.
  const script = `sleep 1000 & echo $!; exec "${process.execPath}" -e 'console.log("up"); setInterval(() => {}, 1e6)'`
  const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(shell)
  let printed = ''
  for await (const chunk of shell.stdout) {
    printed += String(chunk)
    if (printed.includes('up')) break
  }
  const pid = Number.parseInt(printed)
  expect(processStart(pid)).toBeDefined()
  process.kill(pid, 'SIGKILL')
  const state = () => execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  await expect.poll(state).toMatch(/^Z/)
  expect(processStart(pid)).toBeUndefined()
})

test('a detached program leads its own process group and writes both outputs to its log', async () => {
  const logFile = join(folder, 'log')
  const script =
    'console.log("to stdout"); console.error("to stderr", process.env.SAID); setInterval(() => {}, 1e6)'
  const env = { ...process.env, SAID: 'aloud' }
  const { pid } = await spawnDetached([process.execPath, '-e', script], {
    cwd: folder,
    logFile,
    env,
  })
  await expect.poll(() => readFileSync(logFile, 'utf8'), { timeout: 10_000 }).toContain('stderr')
  // A signal to the group reaches it, so the group is its own.
  process.kill(-pid, 'SIGKILL')
  await expect.poll(() => processStart(pid), { timeout: 10_000 }).toBeUndefined()
  const log = readFileSync(logFile, 'utf8')
  expect(log).toContain('to stdout')
  expect(log).toContain('to stderr aloud')
})

test('a program that cannot be started gives an error with its name', async () => {
  const started = spawnDetached(['no-such-program'], { cwd: folder, logFile: join(folder, 'log') })
  await expect(started).rejects.toThrow(/Cannot start no-such-program/)
})

test('the process of a run is read as it was written, and is undefined before', () => {
  expect(readRunProcess(folder)).toBeUndefined()
  const mark = writeRunProcess(folder, 2)
  expect(readRunProcess(folder)).toEqual(mark)
  expect(mark).toMatchObject({ pid: process.pid, attempt: 2 })
  expect(isAlive(mark)).toBe(true)
})
