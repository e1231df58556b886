import { join } from 'node:path'
import { archiveJobs, jobStatus, listJobs, noteJob, ownEvaluations } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { weights } from '../sources/foldersTesting.ts'
import { makeOld, writeFiles } from '../testing.ts'
import { importRun } from './importRun.ts'
import { archivePartJobs } from './partJobs.ts'

const here = testBoard()
const LOG = [9, 5, 4].map((loss, at) => `epoch ${at + 1} val_loss ${loss}\n`).join('')

test('a job of a folder that is now a part of a run is archived once, with all that is recorded of it', async () => {
  const root = join(here.path, 'run')
  const [part, own] = [join(root, 'logs'), join(root, 'lr3')]
  await writeFiles(root, {
    'train.log': LOG,
    ...{ 'logs/train.log': LOG, 'lr3/train.log': LOG },
    ...weights(['epoch1.pt', 'epoch2.pt', 'epoch3.pt']),
  })
  await makeOld(root)
  const { db } = here.board
  const { job_id } = await importRun(here.board, part, {})
  const other = await importRun(here.board, own, {})
  await noteJob(db, job_id, 'the good one')
  // As long as the run above has no job, this is the only one.
  expect(await archivePartJobs(here.board, [root, own])).toEqual([])
  const whole = await importRun(here.board, root, {})
  const text = `${part} is a part of the run in ${root}, so its own job is archived.`
  expect(await archivePartJobs(here.board, [root, own])).toEqual([text])
  const shown = (await listJobs(db)).jobs.map((job) => job.job_id)
  expect(new Set(shown)).toEqual(new Set([other.job_id, whole.job_id]))
  const kept = await jobStatus(db, job_id)
  expect([kept?.note, kept?.archived_at]).toEqual(['the good one', expect.any(Number)])
  expect((await ownEvaluations(db, job_id)).map(({ value }) => value)).toEqual([9, 5, 4])
  expect(kept?.output_dir).toBe(part)
  // A user may take it back.
  await archiveJobs(db, [job_id], false)
  expect(await archivePartJobs(here.board, [root, own])).toEqual([])
  expect((await jobStatus(db, job_id))?.archived_at).toBeNull()
})
