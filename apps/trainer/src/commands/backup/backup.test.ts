import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { listJobs } from '@bestmark/db'
import { expect, test } from 'vitest'
import { newBoardEnv, testBoard } from '../../board/testing.ts'
import { BESTMARK, eventually, temporaryFolder, writeOutput } from '../../testing.ts'
import { command } from '../testing.ts'

const here = testBoard()

/** A board that no process uses, on one server, because no other is restored. */
async function anotherBoard() {
  const folder = await temporaryFolder()
  const board = await newBoardEnv(folder.path, 'board', 'local')
  const run = (...words: string[]) => command(words, { env: board.env, cwd: folder.path })
  const dispose = async (): Promise<void> => {
    await board[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  }
  return { path: folder.path, env: board.env, run, [Symbol.asyncDispose]: dispose }
}

async function importRun(name: string): Promise<void> {
  await writeOutput(join(here.path, name), { saves: [1], log: [{ step: 1, eval_loss: 1 }] })
  const { code } = await command(['import', name], { env: here.env, cwd: here.path })
  expect(code).toBe(0)
}

test('a board is backed up while it is open, and restored elsewhere', async () => {
  await importRun('moby')
  const file = join(here.path, 'board.bestmark')
  const made = await command(['backup', 'board.bestmark', '--json'], {
    env: here.env,
    cwd: here.path,
  })
  expect(JSON.parse(made.stdout)).toMatchObject({ file, tables: { training_jobs: 1 } })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  await using other = await anotherBoard()
  const checked = await other.run('restore', file, '--check')
  expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('is complete') })
  const restored = await other.run('restore', file)
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('Restored') })
  expect(restored.stderr).toContain('--same-machine')
  expect((await other.run('jobs')).stdout).toContain('moby')
  const again = await other.run('restore', file)
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('not empty') })
  const replaced = await other.run('restore', file, '--replace', '--same-machine')
  expect(replaced.code).toBe(0)
  const [before = ''] = await readdir(join(other.env.BESTMARK_HOME, 'backups'))
  expect(replaced.stdout).toContain(before)
  const ids = [here.env, other.env].map(({ BESTMARK_HOME }) =>
    readFile(join(BESTMARK_HOME, 'host_id'), 'utf8'),
  )
  expect(await ids[1]).toBe(await ids[0])
})

test('a folder gets a file with the date in its name', async () => {
  const folder = join(here.path, 'backups')
  await mkdir(folder)
  const { code } = await command(['backup', 'backups'], { env: here.env, cwd: here.path })
  expect([code, await readdir(folder)]).toEqual([
    0,
    [expect.stringMatching(/^bestmark-[\dTZ-]+\.bestmark$/)],
  ])
})

const IN_USE = process.env['TEST_CITUS_URL']
  ? /cannot be restored on a board whose tables are on several servers/
  : /Another process of Bestmark uses this board/

test('a file that is not a backup, is missing, or cannot be written is named', async () => {
  await writeFile(join(here.path, 'a.txt'), 'text')
  const run = (...words: string[]) => command(words, { env: here.env, cwd: here.path })
  for (const [words, message] of [
    [['restore', 'a.txt'], /a\.txt is damaged .* or not a backup/],
    [['restore', 'missing'], /Cannot read .*missing: it does not exist/],
    [['backup', 'nowhere/x'], /Cannot write .*nowhere\/x: it does not exist/],
    [['restore', 'board.bestmark', '--replace'], IN_USE],
  ] as const) {
    const { code, stderr } = await run(...words)
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
    // A sentence, and no stack.
    expect(stderr.trim().split('\n')).toHaveLength(1)
  }
})

/** Fills a table with rows that take a while to write. */
async function addManyRows(): Promise<void> {
  const { jobs } = await listJobs(here.board.db, { limit: 1 })
  await here.board.db.sql`insert into logs (job_id, ordinal, attempt, level, text, revision)
    select ${jobs[0]?.job_id ?? ''}, n, 0, 'info', repeat(md5(n::text), 40), 1
    from generate_series(100000, 125000) as n`
}

test('a backup that is killed leaves no file with its name', async () => {
  await addManyRows()
  const file = join(here.path, 'killed.bestmark')
  const env = { ...process.env, ...here.env }
  const child = spawn(BESTMARK, ['backup', file], { env, stdio: 'ignore' })
  const size = async () => (await stat(`${file}.part`).catch(() => undefined))?.size
  await eventually(async () => ((await size()) ?? 0) > 1_000 || undefined)
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
  child.kill('SIGKILL')
  expect(await ended).toBe('SIGKILL')
  await expect(stat(file)).rejects.toThrow('ENOENT')
  const checked = await command(['restore', `${file}.part`, '--check'], { env: here.env })
  expect(checked).toMatchObject({ code: 2, stderr: expect.stringContaining('cut short') })
})

test('a restore that is killed leaves the board as it was', async () => {
  const file = join(here.path, 'large.bestmark')
  expect((await command(['backup', file], { env: here.env })).code).toBe(0)
  await using other = await anotherBoard()
  expect((await other.run('jobs')).code).toBe(1)
  const env = { ...process.env, ...other.env }
  const child = spawn(BESTMARK, ['restore', file], { env, stdio: 'ignore' })
  const loading = () => here.board.db.sql<{ pid: number }[]>`
    select pid from pg_stat_activity
    where query like 'copy "logs"%' and state = 'active' and application_name = 'bestmark restore'`
  await eventually(async () => (await loading()).length > 0 || undefined)
  child.kill('SIGKILL')
  await eventually(async () => (await loading()).length === 0 || undefined)
  expect((await other.run('jobs')).code).toBe(1)
  expect((await other.run('restore', file)).code).toBe(0)
})
