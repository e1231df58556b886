import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './board.ts'

test('every promise of docs/security.md names tests that exist', async () => {
  const text = await readFile(join(ROOT, 'docs/security.md'), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| --'))
  const promises = rows.filter((line) => !line.startsWith('| promise'))
  expect(promises.length).toBeGreaterThan(20)
  for (const promise of promises) {
    const named = [...promise.matchAll(/`((?:apps|packages|e2e|clients)\/[^`]+)`/g)].map(
      ([, path]) => path ?? '',
    )
    expect([promise, named.length]).not.toEqual([promise, 0])
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  }
})

const LINK = /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}

test('every link in the docs leads to a file and a heading that exist', async () => {
  const broken: string[] = []
  let count = 0
  for await (const page of glob(['*.md', 'docs/**/*.md', 'clients/*/*.md'], { cwd: ROOT })) {
    const text = await readFile(join(ROOT, page), 'utf8')
    for (const [, path = '', anchor] of text.matchAll(LINK)) {
      count++
      const target = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path)
      if (!existsSync(target)) broken.push(`${page}: ${path}`)
      else if (anchor !== undefined) {
        const headings = (await readFile(target, 'utf8')).match(/(?<=^#+ ).+$/gm) ?? []
        if (!headings.map(anchorOf).includes(anchor)) broken.push(`${page}: ${path}#${anchor}`)
      }
    }
  }
  expect(count).toBeGreaterThan(100)
  expect(broken).toEqual([])
})

test('pnpm checks engines against the Node that scripts run under', async () => {
  const text = await readFile(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
  const [, checked] = /^nodeVersion: (\S+)$/m.exec(text) ?? []
  const [, installed] = /^ {2}node: (\d\S+)$/m.exec(text) ?? []
  expect([checked, checked]).toEqual([installed, expect.any(String)])
})
