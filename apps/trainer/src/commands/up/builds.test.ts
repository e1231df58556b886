import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { Builds } from './builds.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

/** Another process that builds slowly into a folder and prints its path. Each build adds a line to a file. */
const BUILDS = `
  import { appendFile, mkdir, writeFile } from 'node:fs/promises'
  import { buildPages } from ${JSON.stringify(join(import.meta.dirname, 'build.ts'))}
  const [folder, log] = process.argv.slice(1)
  const builder = async (draft) => {
    await appendFile(log, 'built\\n')
    await mkdir(draft + '/pages/server', { recursive: true })
    await writeFile(draft + '/pages/handler.js', 'export {}')
    await new Promise((resolve) => setTimeout(resolve, 500))
    await writeFile(draft + '/pages/server/index.js', 'export {}')
  }
  console.log(await buildPages(new AbortController().signal, folder, builder))`

test('processes that start together share one build, and a build with a missing file is made again', async () => {
  const [builds, log] = [join(folder.path, 'builds'), join(folder.path, 'log')]
  const build = async (): Promise<string> => {
    const argv = ['--input-type=module', '-e', BUILDS, builds, log]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    return (await text(child.stdout)).trim()
  }
  const timesBuilt = async () => (await readFile(log, 'utf8')).split('\n').length - 1

  const [one, other] = await Promise.all([build(), build()])
  expect(one).toBe(other)
  const server = join(one, 'server', 'index.js')
  expect(existsSync(server)).toBe(true)
  expect(await timesBuilt()).toBe(1)
  expect((await readdir(builds)).filter((name) => name.includes('draft'))).toEqual([])

  expect(await build()).toBe(one)
  expect(await timesBuilt()).toBe(1)
  await rm(server)
  expect(await build()).toBe(one)
  expect(await timesBuilt()).toBe(2)
  expect(existsSync(server)).toBe(true)
})

const [NEW, USED, OLD, YOUNG] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(64)) as [
  string,
  string,
  string,
  string,
]

/** A build of one file, with an age. */
async function build(builds: Builds, digest: string, days: number): Promise<void> {
  const draft = builds.draftOf(digest)
  await mkdir(draft, { recursive: true })
  await writeFile(join(draft, 'handler.js'), 'export {}')
  await builds.finish(draft, digest)
  const time = Date.now() / 1000 - days * 86_400
  await utimes(join(builds.pathOf(digest), 'manifest.json'), time, time)
}

test('old unused builds and drafts of dead processes are removed', async () => {
  await using home = await temporaryFolder()
  const builds = new Builds(home.path)
  await builds.use(USED)
  for (const [digest, days] of [
    [NEW, 2],
    [USED, 2],
    [OLD, 2],
    [YOUNG, 0],
  ] as const) {
    await build(builds, digest, days)
  }
  const ended = spawn('true')
  const dead = ended.pid ?? 0
  await once(ended, 'exit')
  await mkdir(join(home.path, `${OLD}.${dead}.x.draft`))
  await writeFile(join(home.path, `${OLD}.${dead}.used`), '')
  await builds.sweep(NEW)
  const left = await readdir(home.path)
  expect(left.toSorted()).toEqual([NEW, USED, `${USED}.${process.pid}.used`, YOUNG].toSorted())
})

test('a changed or missing file breaks a build; an added file does not', async () => {
  await using home = await temporaryFolder()
  const builds = new Builds(home.path)
  expect(await builds.isWhole(NEW)).toBe(false)
  await build(builds, NEW, 0)
  expect(await builds.isWhole(NEW)).toBe(true)
  const file = join(builds.pathOf(NEW), 'handler.js')
  await writeFile(join(builds.pathOf(NEW), 'more.txt'), '')
  expect(await builds.isWhole(NEW)).toBe(true)
  await writeFile(file, 'export')
  expect(await builds.isWhole(NEW)).toBe(false)
  await build(builds, NEW, 0)
  expect(await builds.isWhole(NEW)).toBe(true)
  await rm(file)
  expect(await builds.isWhole(NEW)).toBe(false)
})
