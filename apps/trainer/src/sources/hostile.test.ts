import { join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { jobLogs } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { importRun } from '../recording/importRun.ts'
import { command } from '../commands/testing.ts'
import { makeOld } from '../testing.ts'
import { readerWarnings } from './events/newEvents.ts'
import { HOSTILE } from './hostileTesting.ts'
import { writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'

const here = testBoard()

for (const [name, { files, best, warnings: expected }] of Object.entries(HOSTILE)) {
  test(`an invalid record is skipped with one warning, and the rest is recorded: ${name}`, async () => {
    const root = join(here.path, name)
    await writeFiles(root, files)
    await makeOld(root)
    const { events } = await readRun(root)
    const chosen = select({ policy: 'as_declared', ...rowsFrom(events) })
    expect(chosen.best?.step).toBe(best)
    const texts = readerWarnings(events)
    expect(texts).toEqual(expected.map((text) => expect.stringMatching(text)))
    const picked = await command(['pick', root, '--json'], { env: here.env })
    const { best_step, warnings } = JSON.parse(picked.stdout)
    expect([picked.code, best_step, warnings]).toEqual([0, best, texts])
    const reported: string[] = []
    const job = await importRun(here.board, root, {}, (text) => reported.push(text))
    expect(job).toMatchObject({ best_step: best })
    expect(['completed', 'stopped', 'running']).toContain(job.status)
    expect(reported).toEqual(texts)
    const logs = await jobLogs(here.board.db, job.job_id)
    expect(logs.filter(({ level }) => level === 'warning').map(({ text }) => text)).toEqual(texts)
  })
}
