import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { bestEffort, REMOVING } from '@bestmark/db/bestEffort'
import { IS_PACKED, nodeOptions } from '@bestmark/db/programs'
import { takeTurn } from '@bestmark/db/turn'
import { Builds } from './builds.ts'
import { Failure } from '../../failure.ts'

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url))
/** The folder of the pages. */
export const WEB = join(ROOT, 'apps', 'web')
/** The program of Vite. */
export const VITE = join(WEB, 'node_modules', 'vite', 'bin', 'vite.js')
const BUILDS = join(WEB, 'build')
const SOURCES = ['apps/web', 'packages/core', 'packages/db', 'packages/api']

/** Makes the pages in the folder `pages` of a draft. */
type Builder = (draft: string, signal: AbortSignal) => Promise<void>

/**
 * Builds the pages, unless a complete build of the same sources exists, as in the npm package. Returns the folder of the
 * build. It does not change while this process runs.
 */
export async function buildPages(
  signal: AbortSignal,
  folder = BUILDS,
  builder: Builder = runBuilder,
): Promise<string> {
  if (IS_PACKED) return join(BUILDS, 'pages')
  const builds = new Builds(folder)
  for (;;) {
    const digest = await digestOfSources()
    await builds.use(digest)
    if (await builds.isWhole(digest)) return builds.pathOf(digest)
    await using _turn = await takeTurn(`build ${folder}`, signal)
    if (!(await builds.isWhole(digest)))
      await build(builds, digest, (draft) => builder(draft, signal))
    await builds.sweep(digest)
    // If the sources changed meanwhile, build again.
    if (digest === (await digestOfSources())) return builds.pathOf(digest)
  }
}

/** Builds in a separate folder, so that other processes see only complete builds. */
async function build(
  builds: Builds,
  digest: string,
  make: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = builds.draftOf(digest)
  try {
    await make(draft)
    await builds.finish(join(draft, 'pages'), digest)
  } finally {
    await bestEffort(() => rm(draft, { recursive: true, force: true }), REMOVING)
  }
}

async function runBuilder(draft: string, signal: AbortSignal): Promise<void> {
  // The processes that the build starts load our packages, too.
  const words = [...nodeOptions(), VITE, 'build']
  const child = spawn(process.execPath, words, {
    cwd: WEB,
    // Else pages that a test or a shell for development builds would have slow checks in their code.
    env: { ...process.env, NODE_ENV: 'production', VITEST: undefined, BESTMARK_BUILD: draft },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (code === 0) return
  process.stderr.write(out + err)
  throw new Failure('Cannot build the pages. The errors are above.')
}

/** A digest of the names, sizes and change times of all sources of the pages. */
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
