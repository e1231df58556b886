import { closeSync, readSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../failure.ts'
import { openFile } from './runFile.ts'

/** A mark is looked for in so many bytes at a file's beginning. */
const HEAD = 1 << 16

/** What lies in a folder, read as far as somebody asks, and once. */
export class Listing {
  readonly root: string
  readonly #names = new Map<string, Promise<string[]>>()
  readonly #heads = new Map<string, string>()

  constructor(root: string) {
    this.root = root
  }

  /** Names in the root, or in a folder below it, in order; none where it cannot be listed. */
  names(folder = ''): Promise<string[]> {
    const known = this.#names.get(folder)
    if (known) return known
    const names = listed(join(this.root, folder))
    this.#names.set(folder, names)
    return names
  }

  /** The beginning of a file, without a byte order mark; empty where there is none to read. */
  async head(file: string): Promise<string> {
    const known = this.#heads.get(file)
    if (known !== undefined) return known
    const text = headOf(join(this.root, file))
    this.#heads.set(file, text)
    return text
  }

  /** The files in the root whose name and beginning fit. */
  async files(name: RegExp, beginning: (head: string) => boolean): Promise<string[]> {
    const found: string[] = []
    for (const one of await this.names()) {
      if (name.test(one) && beginning(await this.head(one))) found.push(one)
    }
    return found
  }
}

async function listed(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return []
  }
}

/** Read at once, since a walk looks at thousands of beginnings, and each step of its own costs more. */
function headOf(path: string): string {
  let file: number | undefined
  try {
    file = openFile(path)
    const bytesRead = readSync(file, HEAD_BUFFER, 0, HEAD, 0)
    return HEAD_BUFFER.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return ''
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Every beginning passes through it, so that a walk allocates none. */
const HEAD_BUFFER = Buffer.alloc(HEAD)
