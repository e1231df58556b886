import { closeSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isWrittenByOthers } from './tree.ts'

let folder: string
let data: string
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'bestmark-tree-')))
  data = join(folder, '.bestmark')
  mkdirSync(join(data, 'runs/one'), { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true }))

const onLinux = test.skipIf(process.platform !== 'linux')

function isInUse(root: string, tree = new Set<number>()): boolean {
  return isWrittenByOthers(root, tree, data)
}

function whileOpen(file: string, check: () => void): void {
  const opened = openSync(join(folder, file), 'w')
  try {
    check()
  } finally {
    closeSync(opened)
  }
}

onLinux('a folder is in use while a process outside of the tree writes in it', () => {
  expect(isInUse(folder)).toBe(false)
  whileOpen('log.csv', () => {
    expect(isInUse(folder)).toBe(true)
    expect(isInUse(folder, new Set([process.pid]))).toBe(false)
  })
  expect(isInUse(folder)).toBe(false)
})

onLinux("the board's own files do not count for a folder around its data folder", () => {
  whileOpen('.bestmark/postgres.log', () => expect(isInUse(folder)).toBe(false))
  whileOpen('.bestmark/runs/one/metrics.csv', () => {
    expect(isInUse(folder)).toBe(false)
    expect(isInUse(join(data, 'runs/one'))).toBe(true)
  })
})
