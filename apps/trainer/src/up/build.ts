import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Failure } from '../failure.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
/** The folder of the pages. */
export const WEB = join(ROOT, 'apps', 'web')
/** Vite's own program, which a process of ours can be. */
export const VITE = join(WEB, 'node_modules', 'vite', 'bin', 'vite.js')
const STAMP = join(WEB, 'build', '.sources')
const SOURCES = ['apps/web', 'packages/core', 'packages/db', 'packages/api']

/** Builds the pages where they were not built from these very sources; returns whether it did. */
export async function buildPages(signal: AbortSignal): Promise<boolean> {
  const digest = await digestOfSources()
  const built = await readFile(STAMP, 'utf8').catch(() => '')
  if (built === digest) return false
  const child = spawn(process.execPath, [VITE, 'build'], {
    cwd: WEB,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (code !== 0) {
    process.stderr.write(out + err)
    throw new Failure('The pages cannot be built; what the builder said stands above.')
  }
  await writeFile(STAMP, digest)
  return true
}

/** A digest of names, sizes and times of change of everything that the pages are made of. */
async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of SOURCES) {
    const found = await sourcesIn(join(ROOT, folder))
    for (const path of found.sort()) {
      const { size, mtimeMs } = await stat(path)
      hash.update(`${path}\0${size}\0${mtimeMs}\n`)
    }
  }
  hash.update(await readFile(join(ROOT, 'pnpm-lock.yaml')))
  return hash.digest('hex')
}

async function sourcesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const top = entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name))
  const below = await Promise.all(
    ['src', 'static'].map((name) =>
      readdir(join(folder, name), { withFileTypes: true, recursive: true }).catch(() => []),
    ),
  )
  const files = below.flat().filter((entry) => entry.isFile())
  return [...top, ...files.map(({ parentPath, name }) => join(parentPath, name))]
}
