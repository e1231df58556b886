import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPages, WEB } from './build.ts'
import { servePages } from './web.ts'
import { temporaryFolder } from '../../testing.ts'
import { Builds } from './builds.ts'

/** Beside the pages, since what is built finds its packages from where it lies. */
let folder: string
beforeAll(async () => {
  await mkdir(join(WEB, 'build'), { recursive: true })
  folder = await mkdtemp(join(WEB, 'build', 'test-'))
})
afterAll(() => rm(folder, { recursive: true }))

const signal = new AbortController().signal

/** Builds the pages in another process, which prints where. */
async function buildElsewhere(): Promise<string> {
  const module = join(import.meta.dirname, 'build.ts')
  const code = `
    import { buildPages } from ${JSON.stringify(module)}
    console.log(await buildPages(new AbortController().signal, ${JSON.stringify(folder)}))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return (await text(child.stdout)).trim()
}

async function answersAt(pages: string): Promise<number> {
  await using home = await temporaryFolder()
  await using web = await servePages({ host: '127.0.0.1', port: 0 }, home.path, pages, 'stderr')
  const { host, port } = web.address
  return (await fetch(`http://${host}:${port}/no-such-page`)).status
}

test('two that start at once share one whole build, and a build that lost a file is made anew', async () => {
  const [one, other] = await Promise.all([buildElsewhere(), buildElsewhere()])
  expect(one).toBe(other)
  expect(await answersAt(one)).toBeLessThan(500)
  expect((await readdir(folder)).filter((name) => name.includes('draft'))).toEqual([])

  const server = join(one, 'server')
  const lost = join(
    server,
    (await readdir(server)).find((name) => name.endsWith('.js'))!,
  )
  const { mtimeMs } = await stat(join(one, 'manifest.json'))
  expect(await buildPages(signal, folder)).toBe(one)
  expect((await stat(join(one, 'manifest.json'))).mtimeMs).toBe(mtimeMs)
  await rm(lost)
  expect(await buildPages(signal, folder)).toBe(one)
  expect(existsSync(lost)).toBe(true)
  expect(await answersAt(one)).toBeLessThan(500)
}, 240_000)

const [NEW, USED, OLD, YOUNG] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(64)) as [
  string,
  string,
  string,
  string,
]

/** A build of one file, as old as said. */
async function build(builds: Builds, digest: string, days: number): Promise<void> {
  const draft = builds.draftOf(digest)
  await mkdir(draft, { recursive: true })
  await writeFile(join(draft, 'handler.js'), 'export {}')
  await builds.finish(draft, digest)
  const time = Date.now() / 1000 - days * 86_400
  await utimes(join(builds.pathOf(digest), 'manifest.json'), time, time)
}

test('old builds go, but for those that a living process uses; what a dead one began goes too', async () => {
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
  const dead = spawn('true').pid ?? 0
  await new Promise((resolve) => setTimeout(resolve, 100))
  await mkdir(join(home.path, `${OLD}.${dead}.x.draft`))
  await writeFile(join(home.path, `${OLD}.${dead}.used`), '')
  await builds.sweep(NEW)
  const left = await readdir(home.path)
  expect(left.toSorted()).toEqual([NEW, USED, `${USED}.${process.pid}.used`, YOUNG].toSorted())
})

test('a file of another size, or that is gone, breaks a build; one that was added does not', async () => {
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
