import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boardToken, HomeUnusable, resolveHome } from './home.ts'
import { hostId, takeHostId } from './hostId.ts'
import { thisMachine } from './machine.ts'

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
  const module = (name: string): string => JSON.stringify(join(import.meta.dirname, name))
  const code = `import { boardToken } from ${module('home.ts')}
    import { hostId } from ${module('hostId.ts')}
    const home = ${JSON.stringify(home)}
    console.log(await boardToken(home), await hostId({ home, isShareable: false }))`
  const started = Array.from({ length: 3 }, () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]),
  )
  const outputs = (await Promise.all(started)).map(({ stdout }) => stdout.trim())
  expect(new Set(outputs).size).toBe(1)
  expect(outputs[0]).toBe(`${await boardToken(home)} ${await hostId({ home, isShareable: false })}`)
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

test('machines that share a data folder have ids of their own, and the first one keeps its id', async () => {
  const home = join(folder, 'shared')
  await mkdir(home)
  await writeFile(join(home, 'host_id'), '9d1f3f0c-0000-4000-8000-000000000001\n')
  const idOf = (machine_id: string | null): Promise<string> => {
    return hostId({ home, isShareable: true, machine: { ...thisMachine(), machine_id } })
  }
  const first = await idOf('a')
  expect(first).toBe('9d1f3f0c-0000-4000-8000-000000000001')
  const others = await Promise.all([idOf('b'), idOf('b'), idOf('c')])
  expect(new Set([first, ...others]).size).toBe(3)
  expect([await idOf('a'), await idOf('b')]).toEqual([first, others[0]])
  // A container has no id, and an embedded board has one machine, whatever is noted there.
  expect(await idOf(null)).toBe(first)
  expect(await hostId({ home, isShareable: false })).toBe(first)
  const names = await readdir(home)
  expect(names.some((name) => /\.(a|b|c)$/.test(name))).toBe(false)
})

test('a machine that takes the id of another one leaves the ids of further machines', async () => {
  const home = join(folder, 'taken')
  const place = (machine_id: string) => {
    return { home, isShareable: true, machine: { ...thisMachine(), machine_id } }
  }
  const first = await hostId(place('a'))
  await hostId(place('b'))
  await takeHostId(place('b'), '9d1f3f0c-0000-4000-8000-000000000002')
  expect(await hostId(place('b'))).toBe('9d1f3f0c-0000-4000-8000-000000000002')
  expect(await hostId(place('a'))).toBe(first)
})
