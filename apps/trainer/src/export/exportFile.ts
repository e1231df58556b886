import { measuredJson } from '@bestmark/core'
import { type ExportedJob, exportJob, type PolicyChange, policyHistory } from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { END } from '../journal/events.ts'
import type { ExportHeader } from './exportHeader.ts'

/**
 * Writes a job as a journal, a line at a time, which `import` reads back; returns how many lines.
 * Undefined where there is no such job. Shipments that still go on and a wish to stop are not in it,
 * and of its log the lines that the board kept.
 */
export async function writeExport(
  { db }: Board,
  job_id: string,
  write: (line: string) => Promise<void>,
): Promise<number | undefined> {
  let lines = 0
  const put = async (value: unknown): Promise<void> => {
    lines++
    await write(`${measuredJson(value)}\n`)
  }
  const changes = await policyHistory(db, { job_id })
  const job = await exportJob(db, job_id, (told) => put(headerOf(told, changes)), put)
  if (job) await put({ [END]: lines })
  return job && lines
}

function headerOf(
  { job, pinned, shipments }: ExportedJob,
  changes: readonly PolicyChange[],
): ExportHeader {
  const { job_id, name, project, recipe, host, host_id, output_dir: root } = job
  const policies = notedFor('job', changes)
  const project_policies = notedFor('project', changes)
  const people = { policies, project_policies, pinned, shipments }
  return {
    journal: 1,
    job_id,
    name,
    project,
    recipe,
    exported: { at: Date.now(), host, host_id, root, ...people, has_end: true },
  }
}

/** What was decided for a job or its project, oldest first; `changes` come newest first. */
function notedFor(of: PolicyChange['scope'], changes: readonly PolicyChange[]) {
  const own = changes.filter(({ scope }) => scope === of).reverse()
  return own.map(({ policy, options, by, changed_at }) => ({ policy, options, by, changed_at }))
}
