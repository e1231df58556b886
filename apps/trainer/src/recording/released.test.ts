import { join } from 'node:path'
import { findJobs } from '@bestmark/db'
import { testDatabase, readStoredRows } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { importRun } from './importRun.ts'
import { temporaryFolder } from '../testing.ts'
import { openReleased } from './released/boards.ts'
import { writeReleasedRuns } from './released/runs.ts'

const here = testBoard()

test.each([
  ['of the first version', 'first', ['states', 'state alone', 'both ways', 'journal']],
  ['without policies of jobs', 'policies', ['states', 'state alone', 'both ways', 'journal']],
  [
    'that recorded a run twice',
    'stoppable',
    ['states', 'state alone', 'both ways', 'table', 'journal'],
  ],
])(
  'a board %s opens completely, and has each run once after another import',
  async (_, released, names) => {
    await using folder = await temporaryFolder()
    await using db = await testDatabase('empty')
    await writeReleasedRuns(folder.path)
    const host_id = await openReleased(db, released, folder.path)
    const board = { ...here.board, db, host_id }
    for (const name of names) {
      const [job] = await findJobs(db, name)
      const before = await readStoredRows(db, job!.job_id)
      // What the current version reads from the same files.
      const root = join(folder.path, name)
      const fresh = await importRun(here.board, root, {})
      const { points, evaluations, checkpoints } = await readStoredRows(here.board.db, fresh.job_id)
      expect(Object.keys(before.points)).toEqual(Object.keys(points))
      const again = await importRun(board, root, {})
      expect(again.job_id).toBe(job?.job_id)
      const after = await readStoredRows(db, again.job_id)
      expect(after).toMatchObject({ points, evaluations, checkpoints })
      if (name !== 'both ways') expect(before.points).toEqual(points)
    }
  },
)
