import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestBoard, testBoard } from '../src/testing.ts'
import { build } from './distribution.ts'

const run = promisify(execFile)

let folder: string
let installed: string
let manifest: { dependencies: Record<string, string> }
let board: TestBoard

/** A folder with what a program installs: the packed package, its dependencies and Node's types. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-client-'))
  await build(join(folder, 'build'))
  const { stdout } = await run('npm', ['pack', '--silent', './build'], { cwd: folder })
  installed = join(folder, 'node_modules/@bestmark/api')
  await mkdir(installed, { recursive: true })
  await run('tar', ['-xzf', stdout.trim(), '--strip-components=1', '-C', installed], {
    cwd: folder,
  })
  manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) await link(name)
  board = await testBoard()
}, 300_000)

afterAll(async () => {
  await board[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function link(name: string): Promise<void> {
  const own = createRequire(import.meta.url)
  const importers = [import.meta.url, own.resolve('@bestmark/core')]
  const path = importers.map((one) => packageOf(name, one)).find((found) => found !== undefined)
  const target = join(folder, 'node_modules', name)
  await mkdir(dirname(target), { recursive: true })
  await symlink(dirname(path!), target)
}

/** The folder of a package that a module may import; undefined if it may not. */
function packageOf(name: string, importer: string): string | undefined {
  const folders = createRequire(importer).resolve.paths(name) ?? []
  return folders.map((one) => join(one, name, 'package.json')).find((path) => existsSync(path))
}

/** The compiler's errors in programs of that folder and in every declaration that they import. */
async function compile(...names: string[]): Promise<string> {
  const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'))
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node']
  const words = [tsc, '--noEmit', '--pretty', 'false', ...options, ...names]
  return run(process.execPath, words, { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  )
}

const TOOL = `
import { createClient, type RouterOutputs } from '@bestmark/api/client'

const [url = '', token = '', job_id = ''] = process.argv.slice(2)
const board = createClient({ url, token })
const page: RouterOutputs['jobs']['list'] = await board.jobs.list.query()
const names: string[] = page.jobs.map(({ name }) => name)
const [loss] = await board.series.read.query({ job_id, names: ['loss'] })
const values: Float64Array | undefined = loss?.values
const step: number | null = await new Promise((resolve, reject) => {
  const watching = board.watch.subscribe({ jobs: [job_id] }, {
    onData: ({ data }) => { watching.unsubscribe(); resolve(data.status.current_step) },
    onError: reject,
  })
})
console.log(JSON.stringify([names, [...values ?? []].map(String), step]))
`

const WRONG = `
import { createClient } from '@bestmark/api/client'

const board = createClient({ url: '', token: '' })
await board.jobs.list.query({ limit: 'ten' })
await board.jobs.status.query({ name: 'moby' })
const { best_path } = await board.jobs.status.query({ job_id: '' })
await board.jobs.finish.mutate({ job_id: '' })
await board.jobs.list.mutate()
const step: string = (await board.jobs.status.query({ job_id: '' })).best_step
`

test('only a wrong input, an unknown field and a wrong procedure do not compile', async () => {
  await writeFile(join(folder, 'tool.ts'), TOOL)
  await writeFile(join(folder, 'wrong.ts'), WRONG)
  const errors = (await compile('tool.ts', 'wrong.ts')).match(/^\S+\(\d+(?=,)/gm)
  const lines = [5, 6, 7, 8, 9, 10].map((line) => `wrong.ts(${line}`)
  expect([...new Set(errors)]).toEqual(lines)
}, 180_000)

test('a program outside of this repository calls a board', async () => {
  await writeFile(join(folder, 'tool.ts'), TOOL)
  const job_id = await board.newJob('moby')
  await board.recordEvents(
    job_id,
    { type: 'metrics', step: 1, values: { loss: 'NaN' } },
    { type: 'metrics', step: 2, values: { loss: 0.5 } },
  )
  const words = ['--experimental-strip-types', 'tool.ts', board.url, board.token, job_id]
  const { stdout } = await run(process.execPath, words, { cwd: folder })
  expect(JSON.parse(stdout)).toEqual([['moby'], ['NaN', '0.5'], 2])
})

test('the package needs neither a database nor the rest of this repository', async () => {
  const client = ['@trpc/client', '@trpc/server', 'devalue', 'eventsource']
  expect(Object.keys(manifest.dependencies)).toEqual(client)
  const declared = await readFile(join(installed, 'root.d.ts'), 'utf8')
  const imports = [...declared.matchAll(/from '(.+)'|import\('(.+)'\)/g)].map(([, name]) => name)
  expect(imports).toEqual(['@trpc/server'])
})

test('the comments of procedures and fields are in the types', async () => {
  const declared = await readFile(join(installed, 'root.d.ts'), 'utf8')
  expect(declared).toContain("* A page of a job's checkpoints, the decision over all of them")
  expect(declared).toContain('/** How much better an evaluation must be to count as an improvement')
})
