import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jobLogs, registerJob } from '@bestmark/db'
import { testDatabase } from '@bestmark/db/testing'
import { expect, test } from 'vitest'
import { watchDisk } from './fullDisk.ts'
import { smallDisk } from './recipes/testing.ts'
import { eventually } from './testing.ts'

test('the board says once that the disk of a run is full', async ({ skip }) => {
  using disk = smallDisk()
  if (!disk) return skip('only a user who may mount a small file system can fill one')
  await using db = await testDatabase()
  const job = { job_id: randomUUID(), host_id: randomUUID(), host: 'here', root: disk.path }
  const named = { name: 'full', project: 'tests', source: 'journal.jsonl' }
  await registerJob(db, { ...job, ...named, status: 'running' })
  const ballast = join(disk.path, 'ballast')
  expect(() => writeFileSync(ballast, new Uint8Array(1 << 17))).toThrow('ENOSPC')
  const over = new AbortController()
  const run = { job_id: job.job_id, folder: disk.path }
  const watching = watchDisk(db, run, over.signal, (error) => over.abort(error))
  const lines = () => jobLogs(db, job.job_id)
  const said = await eventually(async () => ((await lines()).length > 0 ? lines() : undefined))
  over.abort()
  await watching
  rmSync(ballast)
  expect(said.map(({ text }) => text)).toEqual([
    `The disk that holds ${disk.path} is full: nothing more is saved there until there is room.`,
  ])
})
