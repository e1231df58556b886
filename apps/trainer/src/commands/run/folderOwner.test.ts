import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { isAboveOthers, ownerOf } from './folderOwner.ts'
import type { Claim } from './programClaim.ts'

const claim = (fields: Partial<Claim>): Claim => ({
  keeper: { pid: 1, started_at: '' },
  program: null,
  began_at: 1000,
  ended_at: null,
  named: [],
  roots: [],
  areas: ['/runs'],
  ...fields,
})

test.each([
  ['a folder that this program names', '/runs/a', ['/runs/a'], {}, 'this'],
  ['a folder that another program names', '/runs/b/x', [], { named: ['/runs/b'] }, 'another'],
  ['a folder that both name', '/runs/a', ['/runs/a'], { named: ['/runs/a'] }, 'unknown'],
  ['a deeper name of this program', '/runs/a/b', ['/runs/a/b'], { named: ['/runs/a'] }, 'this'],
  ['a deeper name of another', '/runs/a/b', ['/runs/a'], { named: ['/runs/a/b'] }, 'another'],
  ['a run of another program', '/runs/a', ['/runs/a'], { roots: ['/runs/a'] }, 'another'],
  ['a name inside the run of another', '/runs/a', ['/runs/a'], { roots: ['/runs'] }, 'this'],
  ['a folder that nobody names', '/runs/c', [], {}, 'unknown'],
  ['a folder that the other does not search', '/data/c', [], {}, 'this'],
  ['a folder written after the end of the other', '/runs/c', [], { ended_at: 1500 }, 'this'],
  ['a folder written before the end of the other', '/runs/c', [], { ended_at: 2500 }, 'unknown'],
  ['a folder where the other has its own run', '/runs/c', [], { roots: ['/runs/b'] }, 'this'],
] as const)(
  '%s: the owner is decided by names, runs and times',
  (_, folder, named, other, owner) => {
    expect(ownerOf({ folder, at: 2000 }, named, [claim(other as Partial<Claim>)])).toBe(owner)
  },
)

test('an open file decides for this program, unless another program records the folder', () => {
  const open = { folder: '/runs/c', at: 2000, isOpen: true }
  expect(ownerOf(open, [], [claim({ named: ['/runs/c'] })])).toBe('this')
  expect(ownerOf(open, [], [claim({ roots: ['/runs/c'] })])).toBe('another')
})

test('a folder above a folder that another program names and wrote is no run', async () => {
  await using folder = await temporaryFolder()
  const named = join(folder.path, 'b')
  expect(isAboveOthers(folder.path, [claim({ named: [named] })])).toBe(false)
  await mkdir(named)
  expect(isAboveOthers(folder.path, [claim({ named: [named] })])).toBe(true)
  expect(
    isAboveOthers(folder.path, [claim({ named: [named], began_at: Date.now() + 60_000 })]),
  ).toBe(false)
  expect(isAboveOthers(named, [claim({ named: [named] })])).toBe(false)
})
