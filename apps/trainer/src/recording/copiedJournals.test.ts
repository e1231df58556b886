import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { JOURNAL } from '@bestmark/core'
import { expect } from 'vitest'
import { why } from '../s3/testing.ts'
import { storeTests } from '../s3/storedTesting.ts'
import { writeFiles } from '../testing.ts'

const { here, put, s3test, bestmark } = storeTests()

const lineOf = (line: object): string => `${JSON.stringify({ attempt: 0, at: null, ...line })}\n`
const point = (step: number): string =>
  lineOf({ type: 'metrics', step, epoch: null, values: { loss: 1 / step } })

/** A run of Bestmark's journal on the board, and how its copy in the bucket is brought up to date. */
async function copiedRun(name: string, job_id: string) {
  const folder = join(here.path, name)
  const header = JSON.stringify({ journal: 1, job_id, name, project: 'p' })
  const begin = lineOf({ type: 'started', total_steps: 10, resumed_from: null })
  await writeFiles(folder, { [JOURNAL]: `${header}\n${begin}${point(1)}` })
  await bestmark('import', folder)
  const uri = `s3://models/${name}`
  return {
    ...{ folder, uri },
    log: (line: string) => appendFile(join(folder, JOURNAL), line),
    copy: async () => put(`${name}/${JOURNAL}`, await readFile(join(folder, JOURNAL))),
  }
}

s3test(`a copy in S3 of a run that trains is refused, and the job stays${why}`, async () => {
  const run = await copiedRun('trains', '7b0c7a52-4c0e-4a55-9d76-0b5a1c1f0a11')
  const before = await here.jobNamed('trains')
  expect(before).toMatchObject({ status: 'running', output_dir: run.folder })
  await run.copy()
  const { code, stderr } = await bestmark('import', run.uri)
  expect([code, stderr]).toEqual([2, expect.stringContaining(`trains in ${run.folder} on`)])
  expect(await here.jobNamed('trains')).toEqual(before)
})

s3test(`a run that ended moves to its copy in S3, and back to its folder${why}`, async () => {
  const run = await copiedRun('moves', '7b0c7a52-4c0e-4a55-9d76-0b5a1c1f0a12')
  await run.log(lineOf({ type: 'ended', status: 'completed' }))
  await run.copy()
  await bestmark('import', run.folder)
  expect((await bestmark('import', run.uri)).code).toBe(0)
  expect(await here.jobNamed('moves')).toMatchObject({ status: 'completed', output_dir: run.uri })
  await run.log(lineOf({ type: 'started', attempt: 1, total_steps: 10, resumed_from: 1 }))
  await run.log(lineOf({ type: 'metrics', attempt: 1, step: 2, epoch: null, values: { loss: 0 } }))
  expect(await bestmark('import', run.folder)).toMatchObject({ code: 0, stderr: '' })
  const after = { status: 'running', output_dir: run.folder, current_step: 2 }
  expect(await here.jobNamed('moves')).toMatchObject(after)
})
