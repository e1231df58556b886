import { measuredJson, END } from '@bestmark/core'
import { type ExportedJob, exportJob, type PolicyChange, policyHistory } from '@bestmark/db'
import type { Board } from '../board/board.ts'
import type { ExportHeader } from './exportHeader.ts'

/**
 * Writes a job line by line as a journal that `import` reads; returns the number of lines, undefined
 * if there is no such job. Unfinished shipments and a request to stop are not exported. Log lines
 * are exported if the board still has them.
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
  const job = await exportJob(db, job_id, (exported) => put(headerOf(exported, changes)), put)
  if (job) await put({ [END]: lines })
  return job && lines
}

function headerOf(
  { job, pinned, shipments }: ExportedJob,
  changes: readonly PolicyChange[],
): ExportHeader {
  const { job_id, name, project, recipe, host, host_id, output_dir: root, tags, note } = job
  const policies = changesOf('job', changes)
  const project_policies = changesOf('project', changes)
  const decisions = { policies, project_policies, pinned, shipments, tags, note }
  return {
    journal: 1,
    job_id,
    name,
    project,
    recipe,
    exported: { at: Date.now(), host, host_id, root, ...decisions, has_end: true },
  }
}

/** The policies of a job or its project, oldest first; `changes` are newest first. */
function changesOf(of: PolicyChange['scope'], changes: readonly PolicyChange[]) {
  const oldestFirst = changes.filter(({ scope }) => scope === of).reverse()
  return oldestFirst.map(({ policy, options, by, changed_at }) => ({
    policy,
    options,
    by,
    changed_at,
  }))
}
