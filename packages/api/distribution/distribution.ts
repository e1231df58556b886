import { findPackageJSON } from 'node:module'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { z } from 'zod'
import { declarations } from './declarations.ts'

const CLIENT = fileURLToPath(new URL('../src/client.ts', import.meta.url))
const README = fileURLToPath(new URL('README.md', import.meta.url))
const LICENSE = fileURLToPath(new URL('../../../LICENSE', import.meta.url))

/** What the declarations import; `@trpc/client` needs both, too. */
const TYPES = ['@trpc/client', '@trpc/server']

/**
 * Writes the package that a program outside of this repository installs: the client in one file, its
 * types in two, and the packages that they import. Replaces `folder`.
 */
export async function build(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const { client, root } = declarations()
  const { code, imports } = await bundle()
  const files = {
    'client.js': code,
    'client.d.ts': client,
    'root.d.ts': root,
    'package.json': `${JSON.stringify(await manifest(imports), null, 2)}\n`,
    'README.md': await readFile(README, 'utf8'),
    LICENSE: await readFile(LICENSE, 'utf8'),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}

/** The client's code with the parts of this repository that it uses. */
interface Bundle {
  code: string
  /** The packages that stay imports, each with a module that imports it. */
  imports: Map<string, string>
}

async function bundle(): Promise<Bundle> {
  const importers = new Map<string, string>()
  await using bundled = await rolldown({
    input: CLIENT,
    platform: 'neutral',
    external: (name, importer) => {
      if (!/^[a-z@]/.test(name) || name.startsWith('@bestmark/')) return false
      if (importer) importers.set(name, importer)
      return true
    },
  })
  const { output } = await bundled.generate({ format: 'esm' })
  const [{ code, imports }, ...others] = output
  if (others.length > 0) throw new Error('The client is expected in one file.')
  return { code, imports: new Map(imports.map((name) => [name, importers.get(name) ?? CLIENT])) }
}

const Manifest = z.object({ name: z.string(), version: z.string().optional(), license: z.string() })

async function manifest(imports: ReadonlyMap<string, string>): Promise<object> {
  const { name, license } = await manifestOf('..', import.meta.url)
  // The version of the whole repository.
  const { version } = await manifestOf('../../..', import.meta.url)
  const importers = new Map([...TYPES.map((name) => [name, CLIENT] as const), ...imports])
  const versions = [...importers].map(async ([name, importer]) => {
    const { version = '*' } = await manifestOf(name, importer)
    return [name, version] as const
  })
  const dependencies = (await Promise.all(versions)).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...{ name, version, license },
    type: 'module',
    description: 'The typed client of a Bestmark board',
    engines: { node: '>=20' },
    exports: { './client': { types: './client.d.ts', default: './client.js' } },
    dependencies: Object.fromEntries(dependencies),
  }
}

async function manifestOf(name: string, importer: string): Promise<z.infer<typeof Manifest>> {
  const path = findPackageJSON(name, importer)
  if (!path) throw new Error(`The package ${name} is not installed.`)
  return Manifest.parse(JSON.parse(await readFile(path, 'utf8')))
}
