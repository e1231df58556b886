import { JOURNAL } from '@bestmark/core'
import { dirname } from 'node:path'
import { archivePartJob, EXPORTED, type HostedJob, hostedJobs } from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { statIfSeen } from '../files/runFile.ts'
import { isPartOfRun } from '../sources/runParts.ts'

/**
 * Archives jobs of folders that an earlier version took for runs, and that are now parts of the runs
 * with these roots. Their pins, notes and shipments stay with them. Returns a message for each.
 */
export async function archivePartJobs(
  { db, host_id }: Pick<Board, 'db' | 'host_id'>,
  found: Iterable<string>,
): Promise<string[]> {
  const roots = new Set(found)
  const jobs = await hostedJobs(db, host_id)
  const onBoard = new Set(jobs.map(({ root }) => root))
  const messages: string[] = []
  for (const job of jobs) {
    const run = runAbove(job, roots)
    if (run === undefined || !onBoard.has(run) || !(await isPart(run, job))) continue
    const text = `${job.root} is a part of the run in ${run}, so its own job is archived`
    if (await archivePartJob(db, job, `${text}. Its pins, notes and shipments stay.`))
      messages.push(`${text}.`)
  }
  return messages
}

/** The run whose folder is next above that of a job; undefined if it was found as a run itself. */
function runAbove({ root, source }: HostedJob, roots: ReadonlySet<string>): string | undefined {
  if (roots.has(root) || source === JOURNAL || source === EXPORTED) return undefined
  for (let above = dirname(root); above !== dirname(above); above = dirname(above))
    if (roots.has(above)) return above
  return undefined
}

async function isPart(run: string, { root }: HostedJob): Promise<boolean> {
  return statIfSeen(root)?.isDirectory() === true && (await isPartOfRun(run, root))
}
