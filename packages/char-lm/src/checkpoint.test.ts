import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeUnfinished, saveCheckpoint } from './checkpoint.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'checkpoint-'))
})
afterEach(() => rmSync(root, { recursive: true }))

test('a checkpoint has a folder named by its step with all its files, and its size is returned', () => {
  const files = { 'weights.bin': new Uint8Array(10), 'state.json': '{"whale":"—"}' }
  expect(saveCheckpoint(root, 50, files)).toEqual({ path: 'checkpoint-50', bytes: 10 + 15 })
  expect(readdirSync(root)).toEqual(['checkpoint-50'])
  expect(readFileSync(join(root, 'checkpoint-50/state.json'), 'utf8')).toBe('{"whale":"—"}')
})

test('a save that fails leaves nothing that looks like a checkpoint', () => {
  const files = { 'weights.bin': new Uint8Array(10), 'no/such/folder': '' }
  expect(() => saveCheckpoint(root, 50, files)).toThrow()
  expect(readdirSync(root)).toEqual(['.checkpoint-50.unfinished'])
  removeUnfinished(root)
  expect(readdirSync(root)).toEqual([])
})

test('an existing checkpoint is replaced, and an unfinished one does no harm', () => {
  mkdirSync(join(root, '.checkpoint-50.unfinished/rest'), { recursive: true })
  saveCheckpoint(root, 50, { old: '1' })
  saveCheckpoint(root, 50, { new: '2' })
  expect(readdirSync(root)).toEqual(['checkpoint-50'])
  expect(readdirSync(join(root, 'checkpoint-50'))).toEqual(['new'])
})
