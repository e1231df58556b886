import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { textOfFile } from '../files/runFile.ts'
import { mayHaveLiveProcess } from '../processes/mark.ts'

/**
 * What `bestmark run` writes into a run's folder, so that a later recording uses the same names.
 * `job_id` is the job of the latest start. It is null until it is clear whether that start continues
 * the run in the folder.
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

/** The note in a folder; undefined if it is missing or invalid. */
export async function readRunNote(folder: string): Promise<RunNote | undefined> {
  try {
    return RunNote.parse(JSON.parse(await textOfFile(join(folder, RUN_NOTE))))
  } catch {
    return undefined
  }
}

/**
 * The job of the program that trains in a folder now. Null if that is not decided yet, undefined if
 * `bestmark run` has no program running there.
 */
export async function drivenJob(folder: string): Promise<string | null | undefined> {
  return mayHaveLiveProcess(folder) ? (await readRunNote(folder))?.job_id : undefined
}
