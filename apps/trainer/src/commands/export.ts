import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { measuredJson, visibleLines } from '@bestmark/core'
import { listJobs } from '@bestmark/db'
import { callerPath } from '../cli/callerPath.ts'
import { cannotWrite, makeOutFolder } from '../cli/outFile.ts'
import { parse, usageOf } from '../cli/parse.ts'
import { openBoard, type Board } from '../board/board.ts'
import { writeExport } from '../export/exportFile.ts'
import { EXIT, Failure } from '../failure.ts'
import { findJob } from '../board/namedJob.ts'
import { print } from '../cli/terminal.ts'
import { BusyLine } from '../cli/busyLine.ts'
import { EXPORT } from './export.table.ts'

/** Writes a job, or every job, as a file that `bestmark import` reads. Returns 1 if there is none. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, EXPORT)
  const { all, json } = values
  const { JOB: named } = args
  if (all === (named !== undefined)) {
    throw new Failure(`Name one job, or use --all. ${usageOf(EXPORT)}`)
  }
  if (all && values.out === undefined) throw new Failure('--all needs --out FOLDER.')
  if (json && values.out === undefined) throw new Failure('--json needs --out.')
  await using board = await openBoard()
  const out = values.out === undefined ? undefined : callerPath(values.out)
  const jobs = named === undefined ? await allJobs(board) : [await findJob(board.db, named)]
  for (const { job_id, name } of jobs) {
    if (out === undefined) {
      await exported(board, job_id, process.stdout)
      continue
    }
    const file = await fileFor(out, { job_id, name, all })
    const lines = await exportTo(board, job_id, file)
    const result = json
      ? measuredJson({ job_id, name, file, lines })
      : `${file}: ${name}, ${lines} lines`
    print(result)
  }
  return jobs.length > 0 ? EXIT.found : EXIT.nothing
}

async function allJobs({ db }: Board): Promise<{ job_id: string; name: string }[]> {
  const jobs: { job_id: string; name: string }[] = []
  let cursor: string | null = null
  do {
    const page = await listJobs(db, { shelf: 'kept', cursor, limit: 200 })
    jobs.push(...page.jobs)
    cursor = page.next_cursor
  } while (cursor !== null)
  return jobs
}

/** The file of --out; if that is a folder, a file in it with the job's name. */
async function fileFor(
  out: string,
  { job_id, name, all }: { job_id: string; name: string; all: boolean },
): Promise<string> {
  if (all) await makeOutFolder(out)
  const isFolder = existsSync(out) && (await stat(out)).isDirectory()
  if (!isFolder) return out
  const words =
    name
      .replaceAll(/[^\w.-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 80) || 'job'
  return join(out, `${words}-${job_id.slice(0, 8)}.jsonl`)
}

/**
 * Writes a draft and renames it at the end, so that no reader sees half a file. Writes directly to a
 * pipe or device. Throws a Failure if it cannot be written.
 */
async function exportTo(board: Board, job_id: string, file: string): Promise<number> {
  const isFile = (await stat(file).catch(() => undefined))?.isFile() ?? true
  const draft = isFile ? `${file}.part` : file
  const stream = createWriteStream(draft)
  try {
    const writing = exported(board, job_id, stream).finally(() => stream.end())
    const [lines] = await Promise.all([writing, finished(stream)])
    if (isFile) await rename(draft, file)
    return lines
  } catch (cause) {
    if (isFile) await rm(draft, { force: true })
    // An error of the board is not an error of the file.
    const isOfFile = stream.errored !== null || (cause instanceof Error && 'path' in cause)
    if (!isOfFile) throw cause
    throw cannotWrite(file, cause)
  }
}

async function exported(board: Board, job_id: string, stream: Writable): Promise<number> {
  using busyLine = new BusyLine()
  let written = 0
  const lines = await writeExport(board, job_id, async (line) => {
    written++
    if (written % 1000 === 0) busyLine.show(`${written} lines written`)
    if (stream.errored) throw stream.errored
    if (!stream.write(visibleLines(line))) await once(stream, 'drain')
  })
  if (lines === undefined) throw new Failure(`The job ${job_id} was removed from the board.`)
  return lines
}
