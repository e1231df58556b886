import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boardToken, hostId, HomeUnusable, resolveHome } from './home.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-home-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('the data folder is BESTMARK_HOME, otherwise beside the code, never in the working directory', () => {
  const root = join(import.meta.dirname, '../../../..')
  expect(resolveHome({})).toBe(join(root, '.bestmark'))
  expect(resolveHome({ BESTMARK_HOME: '' })).toBe(join(root, '.bestmark'))
  expect(resolveHome({ BESTMARK_HOME: 'boards/a' })).toBe(join(root, 'boards/a'))
  expect(resolveHome({ BESTMARK_HOME: '/srv/board' })).toBe('/srv/board')
})

test('processes that start at once agree on one token, which only their user can read', async () => {
  const home = join(folder, 'race')
  const module = join(import.meta.dirname, 'home.ts')
  const code = `import { boardToken, hostId } from ${JSON.stringify(module)}
    const home = ${JSON.stringify(home)}
    console.log(await boardToken(home), await hostId(home))`
  const started = Array.from({ length: 3 }, () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]),
  )
  const outputs = (await Promise.all(started)).map(({ stdout }) => stdout.trim())
  expect(new Set(outputs).size).toBe(1)
  expect(outputs[0]).toBe(`${await boardToken(home)} ${await hostId(home)}`)
  expect(outputs[0]).toMatch(/^[0-9a-f]{64} [0-9a-f-]{36}$/)
  expect((await stat(join(home, 'token'))).mode & 0o777).toBe(0o600)
  expect((await stat(home)).mode & 0o777).toBe(0o700)
  expect((await readdir(home)).toSorted()).toEqual(['host_id', 'token'])
})

test('an existing token is never replaced', async () => {
  const home = join(folder, 'kept')
  await mkdir(home)
  await writeFile(join(home, 'token'), 'my-own-token\n')
  expect(await boardToken(home)).toBe('my-own-token')
  expect(await readFile(join(home, 'token'), 'utf8')).toBe('my-own-token\n')
})

test('an empty token file is an error, and the board stays closed', async () => {
  const home = join(folder, 'empty')
  await mkdir(home)
  await writeFile(join(home, 'token'), '')
  await expect(boardToken(home)).rejects.toThrow(HomeUnusable)
})

test('if the data folder cannot be created, one sentence says why and what to do', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  await expect(boardToken(file)).rejects.toThrow(/a file has that path.*BESTMARK_HOME/)
  await expect(boardToken(join(file, 'below'))).rejects.toThrow('a file has that path')
})

// Root may write everywhere.
const isRoot = process.getuid?.() === 0
const why = isRoot ? ' (skipped: no rights stop root)' : ''
test.skipIf(isRoot)(`if the data folder may not be written, the error says so${why}`, async () => {
  const home = join(folder, 'locked')
  await mkdir(home)
  await chmod(home, 0o500)
  await expect(boardToken(home)).rejects.toThrow('permission denied')
})
