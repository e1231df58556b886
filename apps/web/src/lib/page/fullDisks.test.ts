import { expect, test } from 'vitest'
import { exact } from '../times.ts'
import { diskWords } from './fullDisks.ts'

const DISK = {
  host_id: 'b7e3',
  host: 'tower',
  mount: '/data',
  holds_database: false,
  full_since: 1_700_000_000_000,
  over_at: null,
}

test('a full disk is shown with its mount, its host and since when', () => {
  const words = diskWords(DISK, DISK.full_since + 300_000)
  expect(words).toMatch(
    /^The disk at \/data on tower has been full since .* \(5 min\)\. Runs cannot save/,
  )
  expect(words).toContain(exact(DISK.full_since))
})

test('a full disk with the database, and one of an unknown host, have their own texts', () => {
  const words = diskWords({ ...DISK, holds_database: true, host: null }, DISK.full_since)
  expect(words).toMatch(
    /^The disk at \/data, which holds the database of this board, has been full since/,
  )
})

test('a disk that has space again is listed with the time when it was full', () => {
  const over_at = DISK.full_since + 60_000
  expect(diskWords({ ...DISK, over_at }, over_at)).toBe(
    `The disk at /data on tower was full from ${exact(DISK.full_since)} to ${exact(over_at)}. ` +
      'It has space again.',
  )
})
