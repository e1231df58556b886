import { expect, test } from 'vitest'
import { absolutePath, pathBelow } from './root.ts'

test.each([
  // root, path, absolute, below the root
  ['/runs/a', 'checkpoint-1', '/runs/a/checkpoint-1', 'checkpoint-1'],
  ['/runs/a', './x//checkpoint-1/', '/runs/a/x/checkpoint-1', 'x/checkpoint-1'],
  ['/runs/a/', 'checkpoint-1', '/runs/a/checkpoint-1', 'checkpoint-1'],
  ['/runs/a', '/runs/a/checkpoint-1', '/runs/a/checkpoint-1', 'checkpoint-1'],
  ['/runs/a', '/runs/a/x/../checkpoint-1', '/runs/a/checkpoint-1', 'checkpoint-1'],
  ['/runs/a', 'x/../checkpoint-1', '/runs/a/checkpoint-1', 'checkpoint-1'],
  ['/runs/a', '/runs/ab/checkpoint-1', '/runs/ab/checkpoint-1', undefined],
  ['/runs/a', '/etc/passwd', '/etc/passwd', undefined],
  ['/runs/a', '../b/checkpoint-1', '/runs/b/checkpoint-1', undefined],
  ['/runs/a', '../../../../etc', '/etc', undefined],
  ['/runs/a', '..', '/runs', undefined],
  ['/runs/a', '..checkpoint', '/runs/a/..checkpoint', '..checkpoint'],
  ['/runs/a', '.', '/runs/a', ''],
  ['/runs/a', '/runs/a', '/runs/a', ''],
  ['/runs/a', 'x\\checkpoint-1', '/runs/a/x/checkpoint-1', 'x/checkpoint-1'],
  ['/runs/a', '..\\b', '/runs/b', undefined],
  ['/runs/a', 'C:\\runs\\a\\checkpoint-1', 'C:\\runs\\a\\checkpoint-1', undefined],
  ['/', 'checkpoint-1', '/checkpoint-1', 'checkpoint-1'],
  ['C:\\runs\\a', 'x/checkpoint-1', 'C:\\runs\\a\\x\\checkpoint-1', 'x/checkpoint-1'],
  ['C:\\runs\\a', 'C:\\runs\\a\\checkpoint-1', 'C:\\runs\\a\\checkpoint-1', 'checkpoint-1'],
  ['C:\\runs\\a', 'D:\\checkpoint-1', 'D:\\checkpoint-1', undefined],
  ['C:/runs/a', '..\\b', 'C:\\runs\\b', undefined],
  ['/runs/a', 's3://bucket/a/checkpoint-1', 's3://bucket/a/checkpoint-1', undefined],
  ['/runs/a', 's3://bucket/a/../b/', 's3://bucket/a/../b/', undefined],
  ['C:\\runs\\a', 'gs://bucket/checkpoint-1', 'gs://bucket/checkpoint-1', undefined],
  ['/runs/a', 'file:///runs/a/checkpoint-1', '/runs/a/checkpoint-1', 'checkpoint-1'],
  ['s3://bucket/a', 'checkpoint-1', 's3://bucket/a/checkpoint-1', 'checkpoint-1'],
  ['s3://bucket/a', 's3://bucket/a/checkpoint-1', 's3://bucket/a/checkpoint-1', 'checkpoint-1'],
  ['s3://bucket/a', 's3://bucket/b', 's3://bucket/b', undefined],
  ['s3://bucket/a', '/runs/a', '/runs/a', undefined],
  ['s3://bucket/a/', '.', 's3://bucket/a', ''],
  ['\\\\host\\share\\a', 'checkpoint-1', '\\\\host\\share\\a\\checkpoint-1', 'checkpoint-1'],
])('in %s the path %s is %s', (root, path, absolute, below) => {
  expect(absolutePath(root, path)).toBe(absolute)
  expect(pathBelow(root, path)).toBe(below)
})

test('a path below a root names the same file as the absolute path that it comes from', () => {
  for (const path of ['checkpoint-1', '/runs/a/x/checkpoint-1', 'x/../y', '.', 'a\\b']) {
    const below = pathBelow('/runs/a', path) ?? 'outside'
    expect(absolutePath('/runs/a', below)).toBe(absolutePath('/runs/a', path))
  }
})
