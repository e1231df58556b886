import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkpointsOf, jobStatus, sourceCursor, type Database } from '@bestmark/db'
import type { StoredRows } from '@bestmark/db/testing'
import { z } from 'zod'
import { choiceOf } from '../../apps/trainer/src/commands/pick/choice.ts'
import { JOURNAL } from '@bestmark/core'
import { readJournalCursor } from '../../apps/trainer/src/recording/journalCursor.ts'

/** The compared fields of a journal line. */
const Line = z.object({
  type: z.string(),
  attempt: z.number(),
  step: z.number().optional(),
  path: z.string().optional(),
  text: z.string().optional(),
  values: z.record(z.string(), z.unknown()).default({}),
})

/** The content of a run's journal, read line by line without the product's reader. */
export async function readJournalRows(folder: string): Promise<StoredRows> {
  const rows: StoredRows = { points: {}, evaluations: [], checkpoints: [], logs: [] }
  const journal = await readFile(join(folder, JOURNAL), 'utf8')
  for (const line of journal.trimEnd().split('\n').slice(1)) {
    const { type, attempt, step = NaN, values, path, text } = Line.parse(JSON.parse(line))
    if (type === 'checkpoint') rows.checkpoints.push(`${attempt} ${step} ${path}`)
    if (type === 'log') rows.logs.push(`${attempt} ${text}`)
    for (const [name, value] of Object.entries(values)) {
      if (type === 'metrics') (rows.points[`${attempt} ${name}`] ??= []).push([step, value])
      if (type === 'evaluation') rows.evaluations.push([attempt, step, name, value])
    }
  }
  rows.checkpoints.sort()
  return rows
}

/** Counts of points, evaluations, checkpoints and log lines. */
export function counts({ points, ...rows }: StoredRows): Record<keyof StoredRows, number> {
  const each = Object.values(points).map(({ length }) => length)
  const { evaluations, checkpoints, logs } = rows
  const lengths = { evaluations: evaluations.length, checkpoints: checkpoints.length }
  return { points: each.reduce((sum, one) => sum + one, 0), ...lengths, logs: logs.length }
}

/** The best by the board and by the folder; both must be equal. */
export async function bestOf(db: Database, job_id: string, folder: string) {
  const onDisk = (await choiceOf(folder, { policy: 'as_declared', options: {} }, false)).selection
  const onBoard = (await checkpointsOf(db, job_id))?.selection
  const row = await jobStatus(db, job_id)
  const face = (selection: typeof onDisk | undefined) => ({
    reason: selection?.reason,
    ranking: selection?.ranking.map(({ attempt, step, path, value }) => [
      attempt,
      step,
      path,
      value,
    ]),
  })
  return { board: face(onBoard), disk: face(onDisk), kept: row?.best_step, best: onDisk.best?.step }
}

/** Whether the whole journal is recorded, including the run's end. */
export async function isRecorded(db: Database, job_id: string, size: number): Promise<boolean> {
  const job = await jobStatus(db, job_id)
  const cursor = await sourceCursor(db, job_id, JOURNAL)
  return job?.status === 'completed' && readJournalCursor(cursor).offset === size
}
