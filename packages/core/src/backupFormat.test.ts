import { expect, test } from 'vitest'
import * as format from './backupFormat.ts'

const ID = '0c6ad6ef-2d3a-4b6e-9c7b-2f1f0e9d8c7b'
const HEADER = {
  ...{ bestmark_backup: 1, bestmark: '1.0', host: 'gpu1', host_id: ID, board_id: ID },
  ...{ made_at: 5, migrations: ['0000_first'] },
}

test('of a newer backup the version and the program are read, and of this version all', () => {
  const newer = { bestmark_backup: 2, bestmark: '9.0', cipher: 'x' }
  expect(format.BackupBeginning.parse(newer)).toEqual(newer)
  expect(format.BackupBeginning.safeParse({ bestmark: '9.0' }).success).toBe(false)
  expect(format.BackupHeader.safeParse({ ...HEADER, ...newer }).success).toBe(false)
  expect(format.BackupHeader.parse(HEADER)).toEqual(HEADER)
  expect(format.BackupHeader.safeParse({ ...HEADER, migrations: [] }).success).toBe(false)
})

test('each table has columns, and ends with a count and a digest of its rows', () => {
  const table = { table: 'jobs', columns: ['a', 'b'] }
  expect(format.BackupTable.parse(table)).toEqual(table)
  expect(format.BackupTable.safeParse({ ...table, columns: [] }).success).toBe(false)
  expect(format.END_OF_ROWS).toBe('\\.\n')
  const end = { rows: 3, sha256: 'ab' }
  expect(format.BackupTableEnd.parse(end)).toEqual(end)
})

test('only the trailer says that a backup is whole', () => {
  const sequences = [{ table: 'jobs', column: 'id', value: 7 }]
  const trailer = { end: true, sequences, sha256: 'ab' }
  expect(format.BackupTrailer.parse(trailer)).toEqual(trailer)
  expect(format.BackupTrailer.safeParse({ ...trailer, end: false }).success).toBe(false)
  expect(String(new format.BackupUnusable('It is cut.'))).toBe('BackupUnusable: It is cut.')
})
