import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../failure.ts'
import { readStart } from './runFile.ts'
import { textBytes } from './textForm.ts'

/** How many bytes at the beginning of a file are read. */
const HEAD = 1 << 16

/** The names and file beginnings in a folder. Each is read only when needed, and once. */
export class Listing {
  readonly root: string
  readonly #names = new Map<string, string[]>()
  readonly #heads = new Map<string, string>()
  /** Paths of listed files, which are no folders. */
  readonly #files = new Set<string>()

  constructor(root: string) {
    this.root = root
  }

  /** Sorted names in the root, or in a folder below it; empty if it cannot be listed. */
  names(folder = ''): string[] {
    const listed = this.#names.get(folder)
    if (listed) return listed
    const entries = this.#isNoFolder(folder) ? [] : listEntries(join(this.root, folder))
    for (const entry of entries) if (entry.isFile()) this.#files.add(join(folder, entry.name))
    const names = entries.map(({ name }) => name).sort()
    this.#names.set(folder, names)
    return names
  }

  /** Whether the listing shows that a path is a file, or below no name of the root in any case. */
  #isNoFolder(folder: string): boolean {
    const [first = ''] = folder.toLowerCase().split('/')
    if (this.#files.has(folder)) return true
    if (first === '' || first === '.' || first === '..') return false
    return !this.names().some((name) => name.toLowerCase() === first)
  }

  /** The beginning of a file, without a byte order mark; empty if it cannot be read. */
  async head(file: string): Promise<string> {
    const head = this.#heads.get(file)
    if (head !== undefined) return head
    const text = readHead(join(this.root, file))
    this.#heads.set(file, text)
    return text
  }

  /** The files in the root with a matching name and beginning. */
  async files(name: RegExp, beginning: (head: string) => boolean): Promise<string[]> {
    const found: string[] = []
    for (const one of this.names()) {
      if (name.test(one) && beginning(await this.head(one))) found.push(one)
    }
    return found
  }
}

function listEntries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return []
  }
}

function readHead(path: string): string {
  try {
    return textBytes(readStart(path, HEAD_BUFFER))
      .toString('utf8', 0, HEAD)
      .replace(/^\uFEFF/, '')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return ''
  }
}

/** One buffer for all reads, so that a search allocates none. */
const HEAD_BUFFER = Buffer.alloc(HEAD)
