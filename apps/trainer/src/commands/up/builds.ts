import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { processStart } from '../../processes/alive.ts'

/** How long an unused build is kept (ms): a container that is not visible here may use it. */
const KEPT = 24 * 3_600_000

/** The file that lists the files of a build; written last. */
const MANIFEST = 'manifest.json'

/** The builds of the pages: one folder per state of the sources, never changed once it exists. */
export class Builds {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The folder of the build of a state of the sources. */
  pathOf(digest: string): string {
    return join(this.#folder, digest)
  }

  /** A new folder for an unfinished build. */
  draftOf(digest: string): string {
    return join(this.#folder, `${digest}.${process.pid}.${randomUUID()}.draft`)
  }

  /** Whether a build is complete: every file exists with its size. */
  async isWhole(digest: string): Promise<boolean> {
    const folder = this.pathOf(digest)
    const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => '')
    const sizes = sizesIn(text)
    if (!sizes) return false
    const found = await Promise.all(
      sizes.map(async ([path, size]) => (await sizeOf(join(folder, path))) === size),
    )
    return found.every(Boolean)
  }

  /** Renames a finished draft to a build. Replaces a broken build. */
  async finish(draft: string, digest: string): Promise<void> {
    await writeFile(join(draft, MANIFEST), JSON.stringify(await sizesOf(draft)))
    const path = this.pathOf(digest)
    const broken = `${this.draftOf(digest)}.broken`
    await rename(path, broken).catch(unlessMissing)
    await rename(draft, path)
    await rm(broken, { recursive: true, force: true })
  }

  /** Marks that this process uses a build, so that no process removes it. */
  async use(digest: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    await writeFile(`${this.pathOf(digest)}.${process.pid}.used`, '')
  }

  /** Removes drafts of processes that died, and old builds that no process uses. */
  async sweep(digest: string): Promise<void> {
    const names = await readdir(this.#folder)
    const marks = names.map((name) => /^(\w+)\.(\d+)(?:\..*)?\.(used|draft|broken)$/.exec(name))
    const used = new Set<string>()
    for (const [name = '', of = '', pid = '', kind] of marks.filter((mark) => mark !== null)) {
      if (processStart(Number(pid)) === undefined) await this.#remove(name)
      else if (kind === 'used') used.add(of)
    }
    for (const name of names.filter((name) => /^[0-9a-f]{64}$/.test(name))) {
      if (name === digest || used.has(name)) continue
      const made = await stat(join(this.#folder, name, MANIFEST)).catch(() => undefined)
      if (!made || Date.now() - made.mtimeMs > KEPT) await this.#remove(name)
    }
  }

  async #remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { recursive: true, force: true })
  }
}

type Sizes = readonly (readonly [path: string, size: number])[]

function sizesIn(text: string): Sizes | undefined {
  try {
    // `finish` wrote it completely before the rename.
    return JSON.parse(text) as Sizes
  } catch {
    return undefined
  }
}

async function sizesOf(folder: string): Promise<Sizes> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile())
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [relative(folder, path), (await stat(path)).size] as const
    }),
  )
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
