import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { textOfFile } from '../files/runFile.ts'
import { hasLiveProcess } from '../processes/mark.ts'

/**
 * What `bestmark run` notes in a run's folder, so that whoever records it later calls it the same.
 * `job_id` is the job of the latest start, and null while it is not known whether that goes on with
 * the run that lies there.
 */
export const RunNote = z.object({
  name: z.string().min(1),
  project: z.string().min(1),
  job_id: z.uuid().nullish(),
})
export type RunNote = z.infer<typeof RunNote>

const RUN_NOTE = 'bestmark-run.json'

export function writeRunNote(folder: string, note: RunNote): void {
  writeFileSync(join(folder, RUN_NOTE), `${JSON.stringify(note)}\n`)
}

export function removeRunNote(folder: string): void {
  rmSync(join(folder, RUN_NOTE), { force: true })
}

/** Undefined where `bestmark run` noted nothing, or what it noted cannot be read. */
export async function readRunNote(folder: string): Promise<RunNote | undefined> {
  try {
    return RunNote.parse(JSON.parse(await textOfFile(join(folder, RUN_NOTE))))
  } catch {
    return undefined
  }
}

/**
 * The job of the program that trains in a folder, as `bestmark run` noted it; null while that is not
 * decided, undefined where no such program lives.
 */
export async function drivenJob(folder: string): Promise<string | null | undefined> {
  return hasLiveProcess(folder) ? (await readRunNote(folder))?.job_id : undefined
}
