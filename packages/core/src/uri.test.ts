import { expect, test } from 'vitest'
import { isUri, joinUri, s3Address, schemeOf, uriBelow, withoutFileScheme } from './uri.ts'

test.each([
  ['s3://bucket/run/checkpoint-1', 's3'],
  ['S3://bucket', 's3'],
  ['gs://bucket/a b', 'gs'],
  ['hf://user/model@main/x', 'hf'],
  ['abfs+x.y-z://a', 'abfs+x.y-z'],
  ['simplecache::s3://bucket/x', 'simplecache::s3'],
  ['zip://a.pt::s3://bucket/x.zip', 'zip'],
  ['C://runs/a', undefined],
  ['C:\\runs\\a', undefined],
  ['/runs/s3://bucket', undefined],
  ['s3:/bucket/run', undefined],
  ['checkpoint-1', undefined],
  ['file:///runs/a', undefined],
  ['local:///runs/a', undefined],
  ['://x', undefined],
])('the scheme of %s is %s', (path, scheme) => {
  expect(schemeOf(path)).toBe(scheme)
  expect(isUri(path)).toBe(scheme !== undefined)
})

test.each([
  ['file:///runs/a', '/runs/a'],
  ['file://localhost/runs/a%20b', '/runs/a b'],
  ['file:///runs/100%', '/runs/100%'],
  ['file:///C:/runs', 'C:/runs'],
  ['local:///runs/a%20b', '/runs/a%20b'],
  ['s3://bucket/a%20b', 's3://bucket/a%20b'],
  ['/runs/a', '/runs/a'],
])('without its file scheme %s is %s', (path, plain) => {
  expect(withoutFileScheme(path)).toBe(plain)
})

test.each([
  ['s3://bucket/run', 'checkpoint-1', 's3://bucket/run/checkpoint-1'],
  ['s3://bucket/run/', './a\\b/', 's3://bucket/run/a/b'],
  ['s3://bucket', 'x', 's3://bucket/x'],
  ['s3://bucket/a/b', '../c', 's3://bucket/a/c'],
  ['s3://bucket/a', '../../../other', 's3://bucket/other'],
])('below %s the path %s is %s', (root, path, joined) => {
  expect(joinUri(root, path)).toBe(joined)
})

test('a URI is below another one only by whole names', () => {
  expect(uriBelow('s3://bucket/run', 's3://bucket/run/a/b')).toBe('a/b')
  expect(uriBelow('s3://bucket/run/', 's3://bucket/run')).toBe('')
  expect(uriBelow('s3://bucket/run', 's3://bucket/run-2/a')).toBeUndefined()
})

test('a URI of S3 has a bucket and a key, and other schemes have none', () => {
  expect(s3Address('s3://bucket/run/checkpoint-1/')).toEqual({
    bucket: 'bucket',
    key: 'run/checkpoint-1',
  })
  expect(s3Address('s3a://bucket')).toEqual({ bucket: 'bucket', key: '' })
  expect(s3Address('gs://bucket/x')).toBeUndefined()
  expect(s3Address('simplecache::s3://bucket/x')).toBeUndefined()
})
