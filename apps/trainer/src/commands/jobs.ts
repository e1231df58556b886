import {
  figure,
  grouped,
  isFiniteMeasure,
  measuredJson,
  type TrainingJobStatus,
} from '@bestmark/core'
import { examples, listJobs } from '@bestmark/db'
import { parse } from '../cli/parse.ts'
import { openBoard } from '../board/board.ts'
import { EXIT } from '../failure.ts'
import { print } from '../cli/terminal.ts'
import { JOBS } from './jobs.table.ts'

/** Lists every job on one line and marks recorded examples. With --json it prints a TrainingJobStatus each. */
export async function main(words: readonly string[]): Promise<number> {
  const { json, show, ...filters } = parse(words, JOBS).values
  await using board = await openBoard()
  const exampleIds = new Set(await examples(board.db))
  let cursor: string | null = null
  let any = false
  do {
    const page = await listJobs(board.db, { ...filters, shelf: show, cursor, limit: 200 })
    for (const job of page.jobs) {
      const mark = exampleIds.has(job.job_id) ? '  (recorded example)' : ''
      print(json ? measuredJson(job) : `${plain(job)}${mark}`)
      any = true
    }
    cursor = page.next_cursor
  } while (cursor !== null)
  return any ? EXIT.found : EXIT.nothing
}

function plain(job: TrainingJobStatus): string {
  const { best_metric, best_metric_name, best_step } = job
  const best = isFiniteMeasure(best_metric)
    ? `${best_metric_name} ${figure(best_metric)} at step ${grouped(best_step)}`
    : 'no best checkpoint'
  const step = job.current_step === null ? '' : `step ${grouped(job.current_step)}`
  const cells = [job.job_id.slice(0, 8), job.status.padEnd(9), step.padEnd(12), best.padEnd(34)]
  return `${cells.join('  ')}  ${job.name}`
}
