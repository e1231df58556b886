import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFiles } from '../../apps/trainer/src/testing.ts'
import type { Files } from './seeds.ts'

/** A stream of numbers in [0, 1). */
export type Random = () => number

const NUMBERS = [
  ...['-1', '0', '1e300', '-1e300', '5e-324', '9007199254740993', '18446744073709551615'],
  ...[
    '2147483648',
    '1.5',
    'NaN',
    'Infinity',
    '-Infinity',
    'null',
    '""',
    '1e20',
    '99999999999999999999',
  ],
]
const WORDS = [
  ...[
    'constructor',
    '__proto__',
    'toString',
    'x'.repeat(5000),
    '\0',
    '\u202e',
    '\ud800',
    '"',
    '\n',
  ],
  ...[
    '../../etc/passwd',
    '/dev/zero',
    '<script>',
    '%00',
    '=1+1',
    "'; drop table training_jobs; --",
  ],
]

/** Changes the bytes of a file. */
type Change = (content: Buffer, random: Random) => Buffer

const below = (random: Random, most: number): number => Math.floor(random() * most)
const oneOf = <T>(random: Random, list: readonly T[]): T | undefined =>
  list[below(random, list.length)]
const spliced = (content: Buffer, from: number, to: number, between: Buffer): Buffer =>
  Buffer.concat([content.subarray(0, from), between, content.subarray(to)])

/** Replaces one match of a pattern by another word. */
function replacing(pattern: RegExp, words: readonly string[]): Change {
  return (content, random) => {
    const text = content.toString('latin1')
    const found = oneOf(random, [...text.matchAll(pattern)])
    if (!found) return content
    const word = Buffer.from(oneOf(random, words) ?? '')
    return spliced(content, found.index, found.index + found[0].length, word)
  }
}

const CHANGES: readonly Change[] = [
  replacing(/-?\d+(\.\d+)?(e[-+]?\d+)?/g, NUMBERS),
  replacing(/-?\d+(\.\d+)?(e[-+]?\d+)?/g, NUMBERS),
  replacing(/[A-Za-z_]{3,}/g, WORDS),
  (content, random) => content.subarray(0, below(random, content.length)),
  (content, random) => {
    const changed = Buffer.from(content)
    for (let count = below(random, 8); count >= 0; count--) {
      changed[below(random, changed.length)] = below(random, 256)
    }
    return changed
  },
  (content, random) => {
    const [from, to] = [below(random, content.length), below(random, content.length)]
    return spliced(content, Math.min(from, to), Math.max(from, to), Buffer.alloc(0))
  },
  (content, random) => {
    const [from, to] = [below(random, content.length), below(random, content.length)]
    return spliced(content, from, from, content.subarray(Math.min(from, to), Math.max(from, to)))
  },
  (content, random) => {
    const at = below(random, content.length)
    return spliced(content, at, at, Buffer.alloc(below(random, 1 << 16), below(random, 256)))
  },
  (content, random) => {
    const at = below(random, content.length)
    return spliced(content, at, at, Buffer.from('['.repeat(20_000)))
  },
  () => Buffer.alloc(0),
]

/** What may replace a file. */
const IN_PLACE = [
  (path: string): unknown => execFileSync('mkfifo', [path]),
  (path: string): unknown => mkdir(path),
  (path: string): unknown => symlink(path, path),
  (path: string): unknown => symlink('/dev/zero', path),
  (path: string): unknown => rm(path, { force: true }),
]
/** One in this many runs has a file replaced. */
const RARELY = 8

/** Writes a run with one to three changed files; returns the changes. */
export async function writeMutated(root: string, files: Files, random: Random): Promise<string[]> {
  await writeFiles(root, files)
  const changed: string[] = []
  for (let count = below(random, 3); count >= 0; count--) {
    const [path, content] = oneOf(random, Object.entries(files)) ?? []
    if (path === undefined || content === undefined || changed.includes(path)) continue
    changed.push(path)
    const absolute_path = join(root, path)
    if (below(random, RARELY) === 0) {
      await rm(absolute_path, { force: true })
      await oneOf(random, IN_PLACE)?.(absolute_path)
    } else {
      const change = oneOf(random, CHANGES)
      await writeFile(absolute_path, change?.(Buffer.from(content), random) ?? '')
    }
  }
  return changed
}
